/** A process for tests: holds an embedded PostgreSQL on the data directory given, and tells its parent when it is ready. */
import { createLogger } from '../logger.ts'
import { startEmbeddedPostgres } from './start.ts'

const [dataDir = ''] = process.argv.slice(2)
const { pid, url } = await startEmbeddedPostgres({ dataDir, log: createLogger({ level: 'warn', name: 'holder' }) })
process.send?.({ pid, url })
