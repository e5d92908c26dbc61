import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { freePort } from '@flotilla/runtime'
import { Redis } from 'ioredis'
import { redisVersion } from '../machine/facts.ts'
import { temporaryFolder, type Scope } from '../scope.ts'
import { until } from '../until.ts'
import { startProcess } from './process.ts'

export type RedisServer = Readonly<{ url: string; pid: number }>

/** A server of its own that appends to a file and syncs it every second. Needs `redis-server` on PATH. */
export async function startRedis(scope: Scope): Promise<RedisServer> {
  if (redisVersion() === null)
    throw new Error(
      'there is no redis-server on PATH: install Redis 7 (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis), or measure with --backend embedded',
    )
  const port = await freePort()
  const folder = await temporaryFolder(scope)
  const dir = path.join(folder, 'data')
  await mkdir(dir)
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    save: '',
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
  }
  const server = await startProcess(scope, {
    name: 'redis',
    command: 'redis-server',
    args: Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]),
    env: { PATH: process.env['PATH'] },
    folder,
  })
  const answering = until(() => answers(port), {
    what: 'redis-server answers',
    signal: scope.signal,
    timeoutMs: 10_000,
  })
  await Promise.race([answering, server.ended])
  return { url: `redis://127.0.0.1:${port}`, pid: server.pid }
}

async function answers(port: number): Promise<boolean> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 })
  redis.on('error', () => {}) // The rejection says the same.
  try {
    await redis.connect()
    return true
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}
