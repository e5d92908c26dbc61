import { describe, expect, it } from 'vitest'
import { hostnameOf, isLoopbackAddress, isLoopbackName } from './browser-guard.ts'

describe('this machine', () => {
  it.each(['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', '::FFFF:127.0.0.1'])('is %s', (address) => {
    expect(isLoopbackAddress(address)).toBe(true)
  })
  it.each(['', '10.0.0.1', '0.0.0.0', '::', '::ffff:10.0.0.1', '127.0.0.1.evil.example', '1270.0.0.1', 'fe80::1'])(
    'is not %j',
    (address) => {
      expect(isLoopbackAddress(address)).toBe(false)
    },
  )
  it.each(['localhost', 'app.localhost', '127.0.0.1', '::1'])('is called %s', (name) => {
    expect(isLoopbackName(name)).toBe(true)
  })
  it.each(['localhost.evil.example', 'evillocalhost', '', '127.evil.example'])('is not called %j', (name) => {
    expect(isLoopbackName(name)).toBe(false)
  })
  it.each([
    ['localhost:3000', 'localhost'],
    ['[::1]:3000', '::1'],
    ['http://Example.COM:80/', 'example.com'],
    ['a b', ''],
    ['', ''],
  ])('%j names the host %j', (authority, name) => {
    expect(hostnameOf(authority)).toBe(name)
  })
})
