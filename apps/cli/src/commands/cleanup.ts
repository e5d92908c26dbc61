import path from 'node:path'
import type { Cleaned, CleaningDue } from '@flotilla/db'
import { ConfigurationError, type Retention } from '@flotilla/domain'
import { withJson } from '../connection.ts'
import { EXIT, type Context, type Register } from '../context.ts'
import { databaseProblem } from '../system/prepare-database.ts'
import { withStore } from '../system/open-store.ts'

interface CleanupOptions {
  readonly json?: boolean
  readonly dryRun?: boolean
  readonly dataDir?: string
}

export const registerCleanup: Register = (program, context) => {
  withJson(program.command('cleanup'))
    .summary('remove what is older than it is kept')
    .description(
      'Removes and thins out ended runs that are older than FLOTILLA_RETAIN_DAYS and FLOTILLA_RETAIN_EVENTS_DAYS, and forgets old Idempotency-Keys, now. Workers with the role maintenance do the same little by little, so a Flotilla that runs cleans up by itself. Stopped anywhere, it goes on the next time.\nA database of DATABASE_URL is cleaned whether or not Flotilla runs; the embedded one only while it does not.',
    )
    .option('--dry-run', 'only count what is due')
    .option('--data-dir <dir>', 'where the embedded data is kept (FLOTILLA_DATA_DIR, .flotilla)')
    .action(async (options: CleanupOptions) => void (context.exitCode = await cleanUp(context, options)))
}

async function cleanUp(context: Context, options: CleanupOptions): Promise<number> {
  const { config } = context
  const dataDir = options.dataDir === undefined ? config.dataDir : path.resolve(config.cwd, options.dataDir)
  return withStore({ databaseUrl: config.databaseUrl, dataDir }, async (databaseUrl) => {
    await refuseUnmigrated(databaseUrl)
    const { createDb, createPool } = await import('@flotilla/db')
    const pool = createPool({
      url: databaseUrl,
      role: 'engine',
      max: 1,
      applicationName: 'flotilla-cleanup',
      onError: () => {},
    })
    try {
      const store = { pool, db: createDb(pool) }
      return await (options.dryRun ? tellDue(context, options, store) : clean(context, options, store))
    } catch (error) {
      throw databaseProblem(databaseUrl, error)
    } finally {
      await pool.end()
    }
  }).catch((error: unknown) => {
    throw heldBy(error) === null ? error : new ConfigurationError(inUse(dataDir, heldBy(error)), { cause: error })
  })
}

async function refuseUnmigrated(databaseUrl: string): Promise<void> {
  const { checkDatabase } = await import('@flotilla/db')
  const { pending } = await checkDatabase(databaseUrl).catch((error: unknown) => {
    throw error instanceof ConfigurationError ? error : databaseProblem(databaseUrl, error)
  })
  if (pending.length > 0)
    throw new ConfigurationError(
      `the database is not up to date: ${counted(pending.length, 'migration')} to apply (${pending.join(', ')}). Run \`flotilla migrate\` first`,
    )
}

/** The process that has the embedded database, where that is what is wrong. */
const heldBy = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && error.code === 'data_in_use'
    ? (/process \d+/.exec(error.message)?.[0] ?? 'another process')
    : null

const inUse = (dataDir: string, holder: string | null): string =>
  `the data directory ${dataDir} is in use by ${holder}: Flotilla runs there, and cleans up by itself what is older than FLOTILLA_RETAIN_DAYS, FLOTILLA_RETAIN_EVENTS_DAYS and FLOTILLA_IDEMPOTENCY_DAYS say, as they were when it started. To count or clean now, stop it first; a database of DATABASE_URL can be cleaned while Flotilla runs`

type Store = Readonly<{
  pool: ReturnType<typeof import('@flotilla/db').createPool>
  db: ReturnType<typeof import('@flotilla/db').createDb>
}>

async function tellDue({ config, terminal }: Context, { json }: CleanupOptions, { db }: Store): Promise<number> {
  const { readCleaningDue } = await import('@flotilla/db')
  const due = await readCleaningDue(db, config.retention)
  terminal.out(json ? JSON.stringify({ due, retention: config.retention }) : dueText(due, config.retention))
  return EXIT.done
}

async function clean(
  { config, terminal, onSignal }: Context,
  { json }: CleanupOptions,
  { pool }: Store,
): Promise<number> {
  const { cleanRecord } = await import('@flotilla/db')
  const stopping = new AbortController()
  const off = onSignal('SIGINT', () => stopping.abort())
  const onPiece = (soFar: Cleaned): void => {
    if (terminal.isTty && !json) terminal.port.write(`\r${cleanedText(soFar)}\u001B[K`)
  }
  const cleaned = await cleanRecord({ pool, retention: config.retention, onPiece }, Infinity, stopping.signal)
  off()
  if (terminal.isTty && !json) terminal.port.write('\r\u001B[K')
  terminal.out(json ? JSON.stringify({ cleaned, retention: config.retention }) : cleanedText(cleaned))
  if (!json && config.retention.runsDays === null && config.retention.eventsDays === null) terminal.err(FOR_EVER)
  return stopping.signal.aborted ? EXIT.interrupted : EXIT.done
}

const FOR_EVER =
  'Runs are kept for ever: set FLOTILLA_RETAIN_DAYS or FLOTILLA_RETAIN_EVENTS_DAYS to have old ones cleaned up.'
const counted = (n: number, noun: string): string => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`
const age = (days: number | null): string => (days === null ? 'kept for ever' : `older than ${counted(days, 'day')}`)

const dueText = ({ remove, trim, keys }: CleaningDue, { runsDays, eventsDays, keysDays }: Retention): string =>
  [
    `Runs to remove:     ${remove} (${age(runsDays)})`,
    `Runs to thin out:   ${trim} (${age(eventsDays)})`,
    `Idempotency-Keys:   ${keys} (${age(keysDays)})`,
  ].join('\n')

const cleanedText = ({ removed, trimmed, keys, rows }: Cleaned): string =>
  `Removed ${counted(removed, 'run')}, thinned out ${counted(trimmed, 'run')}, forgot ${counted(keys, 'key')} (${counted(rows, 'row')}).`
