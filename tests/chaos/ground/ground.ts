import { createTcpProxy, type TcpProxy } from '@flotilla/testing'
import type { BackendName } from '../options.ts'
import { pause } from '../pause.ts'
import { startPostgres, type StruckPostgres } from './postgres.ts'
import { embeddedStore, startRedisStore, type QueueStore } from './queue-store.ts'

/** What the workers stand on. Each worker has proxies of its own, so that one can be cut off. */
export interface Ground {
  readonly postgres: StruckPostgres
  readonly queue: QueueStore
  /** The addresses as worker `i` knows them. */
  addressesOf(worker: number): Readonly<{ databaseUrl: string; redisUrl: string | undefined }>
  /** The worker's connections lose their other end without a word; those it opens within `forMs`, too. */
  halfOpen(worker: number, side: 'postgres' | 'redis', forMs: number): Promise<void>
  close(): Promise<void>
}

type Way = Readonly<{ postgres: TcpProxy; redis: TcpProxy | undefined }>

export type GroundOptions = Readonly<{
  backend: BackendName
  workers: number
  dataDir: string
  migrate: (url: string) => Promise<unknown>
}>

export async function layGround({ backend, workers, dataDir, migrate }: GroundOptions): Promise<Ground> {
  const postgres = await startPostgres(dataDir, migrate)
  const queue = backend === 'redis' ? await startRedisStore() : embeddedStore(postgres.pool)
  const ways = await Promise.all(Array.from({ length: workers }, () => openWay(postgres, queue)))
  const wayOf = (worker: number): Way => {
    const way = ways[worker]
    if (way === undefined) throw new Error(`there is no worker ${worker}; there are ${workers}`)
    return way
  }
  return {
    postgres,
    queue,
    addressesOf(worker) {
      const way = wayOf(worker)
      return { databaseUrl: way.postgres.url(postgres.url), redisUrl: queue.redis && way.redis?.url(queue.redis.url) }
    },
    async halfOpen(worker, side, forMs) {
      const proxy = wayOf(worker)[side]
      if (proxy === undefined) return
      await proxy.setMode({ kind: 'halfOpen' })
      await pause(forMs)
      await proxy.setMode({ kind: 'pass' })
    },
    async close() {
      for (const way of ways) await Promise.all([way.postgres.close(), way.redis?.close()])
      await queue.close()
      await postgres.close()
    },
  }
}

async function openWay(postgres: StruckPostgres, queue: QueueStore): Promise<Way> {
  const host = '127.0.0.1'
  return {
    postgres: await createTcpProxy({ host, port: postgres.port }),
    redis: queue.redis && (await createTcpProxy({ host, port: queue.redis.port })),
  }
}
