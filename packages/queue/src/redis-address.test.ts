import { expect, test } from 'vitest'
import { redisCli } from './redis-address.ts'

test.each([
  ['redis://127.0.0.1:6390/3', 'redis-cli -h 127.0.0.1 -p 6390'],
  ['redis://cache.example', 'redis-cli -h cache.example -p 6379'],
  ['redis://[::1]:7000', 'redis-cli -h ::1 -p 7000'],
  ['redis://:secret@10.0.0.1', 'redis-cli -h 10.0.0.1 -p 6379 --askpass'],
  ['rediss://me:secret@cache.example:7000', 'redis-cli -h cache.example -p 7000 --tls --user me --askpass'],
])('%s is asked with %s', (url, command) => {
  expect(redisCli(url)).toBe(command)
})
