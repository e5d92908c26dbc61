import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { urlOf, usablePort } from './port-check.ts'

test('a free port is usable, a taken one is named, an address of others is told', async () => {
  const free = await usablePort('127.0.0.1', 0)
  if (!free.ok) throw new Error(free.problems.join())
  expect(await usablePort('127.0.0.1', free.value)).toEqual(free)
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(free.value, '127.0.0.1', resolve)
  await promise
  expect(await usablePort('127.0.0.1', free.value)).toMatchObject({
    ok: false,
    problems: [expect.stringContaining(`port ${free.value} on 127.0.0.1 is taken`)],
  })
  server.close()
  expect(await usablePort('203.0.113.1', 0)).toMatchObject({
    ok: false,
    problems: [expect.stringContaining('203.0.113.1 is no address of this machine')],
  })
})

test('where a server is reached', () => {
  expect(urlOf('127.0.0.1', 80)).toBe('http://127.0.0.1:80')
  expect(urlOf('0.0.0.0', 3_000)).toBe('http://127.0.0.1:3000')
  expect(urlOf('::', 3_000)).toBe('http://127.0.0.1:3000')
  expect(urlOf('::1', 3_000)).toBe('http://[::1]:3000')
})
