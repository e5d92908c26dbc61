import { describeOnRedis, startTestRedis, testRedisUrl, type TestServer } from '@flotilla/testing'
import { freePort } from '@flotilla/runtime'
import { Redis } from 'ioredis'
import { createServer, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { checkRedis, redisFacts } from './redis-check.ts'

describeOnRedis('a Redis', () => {
  let own: TestServer
  let admin: Redis
  beforeAll(async () => {
    own = await startTestRedis()
    admin = new Redis(own.url)
  })
  afterAll(async () => {
    admin.disconnect()
    await own.stop()
  })

  it('that fits is taken, and told about', async () => {
    const facts = await checkRedis(testRedisUrl())
    expect(facts).toMatchObject({ evictionPolicy: 'noeviction', maxMemoryBytes: 0 })
    expect(facts.version).toMatch(/^\d+\.\d+/)
    expect(facts.usedMemoryBytes).toBeGreaterThan(100_000)
  })

  it('that may drop jobs is refused, with the command that mends it', async () => {
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await expect(checkRedis(own.url)).rejects.toThrow(
      `Redis at ${new URL(own.url).host} has maxmemory-policy "allkeys-lru", which lets it drop jobs; expected "noeviction". Run: redis-cli config set maxmemory-policy noeviction`,
    )
    expect((await redisFacts(own.url)).evictionPolicy).toBe('allkeys-lru')
    await admin.config('SET', 'maxmemory-policy', 'noeviction')
  })

  it('with another password is refused, and the password is not told', async () => {
    await admin.config('SET', 'requirepass', 'right')
    const url = own.url.replace('redis://', 'redis://:wrong-secret@')
    const refusal = await checkRedis(url).catch((error: Error) => error.message)
    expect(refusal).toMatch(/^Redis cannot be reached at 127\.0\.0\.1:\d+: WRONGPASS/)
    expect(refusal).not.toContain('wrong-secret')
    await expect(checkRedis(own.url)).rejects.toThrow(/NOAUTH/)
    await admin.config('SET', 'requirepass', '')
  })
})

describe('what is no Redis', () => {
  let server: Server | undefined
  afterEach(() => new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve())))

  it('because nothing is there, is refused with what to do', async () => {
    const port = await freePort()
    await expect(checkRedis(`redis://:secret@127.0.0.1:${port}`)).rejects.toThrow(
      new RegExp(
        `^Redis cannot be reached at 127\\.0\\.0\\.1:${port}: .*Start it, correct REDIS_URL, or unset REDIS_URL`,
      ),
    )
  })

  it.each([
    ['answers in another way', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['hangs up', null],
  ])('because it %s, is refused', async (_, answer) => {
    server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => (answer === null ? socket.destroy() : socket.end(answer)))
    })
    const port = await freePort()
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve))
    await expect(checkRedis(`redis://127.0.0.1:${port}`)).rejects.toThrow(/^Redis cannot be reached at/)
  })

  it('is refused by name where the address is none', async () => {
    await expect(checkRedis('redis://[')).rejects.toThrow(/an address that is not a URL/)
  })
})
