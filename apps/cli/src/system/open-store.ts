import { createLogger } from '@flotilla/runtime'
import type { Config } from '../config.ts'

/** Works on the database of DATABASE_URL or else on the embedded one, which runs only for as long as this takes. */
export async function withStore<T>(
  { databaseUrl, dataDir }: Pick<Config, 'databaseUrl' | 'dataDir'>,
  work: (databaseUrl: string) => Promise<T>,
): Promise<T> {
  if (databaseUrl !== undefined) return work(databaseUrl)
  const { startEmbeddedPostgres } = await import('@flotilla/runtime/embedded-postgres')
  const log = createLogger({ level: 'warn', name: 'flotilla', pretty: true })
  const server = await startEmbeddedPostgres({ dataDir, log })
  try {
    return await work(server.url)
  } finally {
    await server.stop()
  }
}
