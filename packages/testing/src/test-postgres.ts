import { createLogger } from '@flotilla/runtime'
import { startEmbeddedPostgres, type Binaries } from '@flotilla/runtime/embedded-postgres'
import { makeServerFolder } from './server-folder.ts'

export interface TestServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Ends the server and removes its data. */
  stop(): Promise<void>
}

/** A PostgreSQL of its own in a temporary folder; its data need not outlive the machine, so nothing is synced. */
export async function startTestPostgres(binaries?: Binaries): Promise<TestServer> {
  const { folder, remove } = await makeServerFolder('postgres', 'pg/postmaster.pid')
  try {
    const log = createLogger({ level: 'warn', name: 'test-postgres', pretty: true })
    const settings = { fsync: 'off', full_page_writes: 'off' }
    const postgres = await startEmbeddedPostgres({ dataDir: folder, log, settings, ...(binaries && { binaries }) })
    return { ...postgres, stop: () => postgres.stop().then(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}
