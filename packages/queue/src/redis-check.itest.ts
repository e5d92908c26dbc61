import { describeOnRedis, startTestRedis, testRedisUrl, type TestServer } from '@flotilla/testing'
import { freePort } from '@flotilla/runtime'
import { Redis } from 'ioredis'
import { createServer, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { checkRedis, redisFacts, redisProblems, scarceMemory, type RedisFacts } from './redis-check.ts'

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
      `Redis at ${new URL(own.url).host} has maxmemory-policy "allkeys-lru", which lets it drop jobs; expected "noeviction". To mend it: redis-cli -h 127.0.0.1 -p ${own.port} config set maxmemory-policy noeviction`,
    )
    expect((await redisFacts(own.url)).evictionPolicy).toBe('allkeys-lru')
    await admin.config('SET', 'maxmemory-policy', 'noeviction')
  })

  it('without the database of the URL is refused, with how many it has', async () => {
    expect((await checkRedis(`${own.url}/15`)).refusesDatabase).toBeNull()
    const refusal = `Redis at 127.0.0.1:${own.port} has no database 99, which REDIS_URL names; it has 16, expected 0 to 15. To mend it: end REDIS_URL in one of these, or set "databases 100" in its redis.conf and start it anew`
    await expect(checkRedis(`${own.url}/99`)).rejects.toThrow(refusal)
    await expect(checkRedis(`${own.url}/?db=99`)).rejects.toThrow('has no database 99')
    await expect(checkRedis(`${own.url}/main`)).rejects.toThrow(
      /^REDIS_URL asks Redis at 127.* for a database that is no number/,
    )
  })

  it('that does not tell how many databases it has, is refused with what it said', async () => {
    await admin.call('ACL', 'SETUSER', 'plain', 'on', '>word', '~*', '&*', '+@all', '-config')
    const url = own.url.replace('redis://', 'redis://plain:word@')
    await expect(checkRedis(`${url}/99`)).rejects.toThrow(/refuses the database 99 of REDIS_URL: ERR DB index is out/)
    await admin.call('ACL', 'DELUSER', 'plain')
  })

  it('with another password is refused, and the password is not told', async () => {
    await admin.config('SET', 'requirepass', 'right')
    const url = own.url.replace('redis://', 'redis://:wrong-secret@')
    const refusal = await checkRedis(url).catch((error: Error) => error.message)
    expect(refusal).toMatch(/^Redis at 127\.0\.0\.1:\d+ refuses the user or password of REDIS_URL: WRONGPASS/)
    expect(refusal).not.toContain('wrong-secret')
    await expect(checkRedis(own.url)).rejects.toThrow(/needs a password \(NOAUTH.*redis:\/\/:password@127/)
    await admin.config('SET', 'requirepass', '')
  })
})

describeOnRedis('a Redis that takes no writes', () => {
  let own: TestServer
  let other: TestServer
  let admin: Redis
  beforeAll(async () => {
    ;[own, other] = await Promise.all([startTestRedis(), startTestRedis()])
    admin = new Redis(own.url)
  })
  afterAll(async () => {
    admin.disconnect()
    await Promise.all([own.stop(), other.stop()])
  })

  it('because it is full, is refused with what it holds', async () => {
    await admin.config('SET', 'maxmemory', '1')
    await expect(checkRedis(own.url)).rejects.toThrow(/is full: \d+\.\d MiB of 0\.0 MiB \(maxmemory\) are used/)
    await admin.config('SET', 'maxmemory', '0')
    expect((await checkRedis(own.url)).refusesWrites).toBeNull()
  })

  it('because it follows another, is refused with the other', async () => {
    const { hostname, port } = new URL(other.url)
    await admin.replicaof(hostname, port)
    await expect(checkRedis(own.url)).rejects.toThrow(
      `is read-only, a replica of ${hostname}:${port}; expected one that takes writes. To mend it: point REDIS_URL at ${hostname}:${port}`,
    )
    await admin.replicaof('NO', 'ONE')
  })

  it('for a reason of its own, is refused with that', async () => {
    await admin.config('SET', 'min-replicas-to-write', '3')
    await expect(checkRedis(own.url)).rejects.toThrow(/refuses to write: NOREPLICAS/)
    await admin.config('SET', 'min-replicas-to-write', '0')
  })
})

describe('what is wrong with a Redis', () => {
  const url = 'redis://cache.example'
  const fine: RedisFacts = {
    version: '7.2.4',
    evictionPolicy: 'noeviction',
    usedMemoryBytes: 1,
    maxMemoryBytes: 0,
    replicaOf: null,
    cluster: false,
    refusesWrites: null,
    refusesDatabase: null,
  }

  it.each([
    ['6.0.16', false],
    ['6.2.0', true],
    ['5.0.7', false],
    ['10.0.1', true],
  ])('version %s: taken %s', (version, taken) => {
    expect(redisProblems(url, { ...fine, version })).toHaveLength(taken ? 0 : 1)
  })

  it('is that it is nearly full, which is told and no reason to refuse it', () => {
    const nearly = { ...fine, usedMemoryBytes: 95 * 1024 ** 2, maxMemoryBytes: 100 * 1024 ** 2 }
    expect(redisProblems(url, nearly)).toEqual([])
    expect(scarceMemory(url, nearly)).toMatchObject({
      about: 'memory',
      what: expect.stringContaining('little memory left: 95.0 MiB of 100.0 MiB (maxmemory) are used'),
      mend: expect.stringContaining('config set maxmemory'),
    })
    expect(scarceMemory(url, { ...nearly, usedMemoryBytes: 1 })).toBeNull()
    expect(scarceMemory(url, fine)).toBeNull()
  })

  it('is told all at once', () => {
    const problems = redisProblems(url, { ...fine, version: '6.0.1', cluster: true, evictionPolicy: 'volatile-lru' })
    expect(problems.map(({ about }) => about)).toEqual(['server', 'server', 'memory'])
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
    ['answers in another way', 'HTTP/1.1 400 Bad Request\r\n\r\n', /^what answers at 127.* is no Redis/],
    ['hangs up', null, /^Redis cannot be reached at/],
  ])('because it %s, is refused', async (_, answer, refusal) => {
    server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => (answer === null ? socket.destroy() : socket.end(answer)))
    })
    const port = await freePort()
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve))
    await expect(checkRedis(`redis://127.0.0.1:${port}`)).rejects.toThrow(refusal)
  })

  it('is refused by name where the address is none', async () => {
    await expect(checkRedis('redis://[')).rejects.toThrow(/an address that is not a URL/)
  })
})
