import { setTimeout as wait } from 'node:timers/promises'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@flotilla/runtime/embedded-postgres'
import type { Log } from '@flotilla/runtime'

export interface KeptDatabase {
  readonly url: string
  stop(): Promise<void>
}

export interface KeptDatabaseOptions {
  readonly dataDir: string
  readonly log: Log
  /** It died and cannot be brought back. */
  readonly onHopeless: (problem: string) => void
  readonly start?: typeof startEmbeddedPostgres
}

const STARTS_LIMIT = 5
const BETWEEN_STARTS_MS = 500

/**
 * An embedded PostgreSQL that is started again when it dies, on the same port, so that its address stays. Rejects when the
 * first start fails.
 */
export async function keepEmbeddedDatabase(options: KeptDatabaseOptions): Promise<KeptDatabase> {
  const { dataDir, log, onHopeless, start = startEmbeddedPostgres } = options
  let stopping = false
  let server: EmbeddedPostgres
  let restarting: Promise<void> = Promise.resolve()

  const launch = (port?: number): Promise<EmbeddedPostgres> =>
    start({ dataDir, log, onExit: () => void (restarting = restart()), ...(port === undefined ? {} : { port }) })

  const restart = async (): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      if (stopping) return
      try {
        // Gives back the lock of the one that died.
        await server.stop()
        server = await launch(server.port)
        log.warn({ serverPid: server.pid }, 'PostgreSQL was started again')
        return
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error)
        if (tries === STARTS_LIMIT)
          return onHopeless(`the embedded PostgreSQL died and does not start again: ${problem}`)
        log.error({ err: error, tries }, 'PostgreSQL could not be started again')
        await wait(BETWEEN_STARTS_MS)
      }
    }
  }

  server = await launch()
  return {
    url: server.url,
    async stop() {
      stopping = true
      await restarting
      await server.stop()
    },
  }
}
