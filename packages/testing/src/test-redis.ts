import { close, open } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { createLogger, freePort, superviseProcess, type ProcessExit } from '@flotilla/runtime'
import { Redis } from 'ioredis'
import { makeServerFolder } from './server-folder.ts'
import type { TestServer } from './test-postgres.ts'
import { until } from './until.ts'

export interface TestRedisOptions {
  /** The port of a server that is to come back where it was. */
  readonly port?: number
}

const pidFile = 'redis.pid'

/** A Redis of its own that keeps nothing on disk and evicts nothing. Needs `redis-server` on PATH. */
export async function startTestRedis({ port: wanted }: TestRedisOptions = {}): Promise<TestServer> {
  const port = wanted ?? (await freePort())
  const { folder, remove } = await makeServerFolder('redis', pidFile)
  const logFile = path.join(folder, 'redis.log')
  const outputFd = await promisify(open)(logFile, 'a')
  let exit: ProcessExit | undefined
  const server = superviseProcess({
    name: 'redis-server',
    command: 'redis-server',
    args: redisArgs(port, folder),
    env: { PATH: process.env['PATH'] },
    log: createLogger({ level: 'silent', name: 'test-redis' }),
    restart: 'never',
    backoffMs: { min: 1, max: 1 },
    outputFd,
    onExit: (ended) => (exit = ended),
  })
  await promisify(close)(outputFd)
  const stop = async (): Promise<void> => {
    await server.stop(5_000)
    await remove()
  }
  try {
    await until(() => exit !== undefined || answers(port), { what: `redis-server answers on port ${port}` })
    if (exit !== undefined) throw await whyEnded(exit, logFile)
    return { url: `redis://127.0.0.1:${port}`, port, pid: server.pid ?? 0, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function redisArgs(port: number, folder: string): string[] {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    save: '',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
    dir: folder,
    pidfile: path.join(folder, pidFile),
  }
  return Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value])
}

async function answers(port: number): Promise<boolean> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 })
  redis.on('error', () => {}) // The rejection of `connect` says the same.
  try {
    await redis.connect()
    return (await redis.ping()) === 'PONG'
  } finally {
    redis.disconnect()
  }
}

async function whyEnded({ code, signal, error }: ProcessExit, logFile: string): Promise<Error> {
  if (error !== undefined) {
    return new Error('redis-server cannot be started; install Redis 7, or run the tests without it', { cause: error })
  }
  return new Error(`redis-server ended (${code ?? signal}): ${(await readFile(logFile, 'utf8')).slice(-2_000)}`)
}
