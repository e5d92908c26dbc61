import path from 'node:path'
import type { Config } from '../config.ts'
import { withJson } from '../connection.ts'
import { EXIT, type Context, type Register } from '../context.ts'
import { withStore } from '../system/open-store.ts'

interface MigrateOptions {
  readonly json?: boolean
  readonly dataDir?: string
}

export const registerMigrate: Register = (program, context) => {
  withJson(program.command('migrate'))
    .summary('bring the database up to date')
    .description(
      'Brings the schema of DATABASE_URL up to date, or of the embedded PostgreSQL where it is not set. `up` does the same when it starts.',
    )
    .option('--data-dir <dir>', 'where the embedded data is kept (FLOTILLA_DATA_DIR, .flotilla)')
    .action(async (options: MigrateOptions) => void (context.exitCode = await migrate(context, options)))
}

async function migrate(context: Context, options: MigrateOptions): Promise<number> {
  const { config, terminal } = context
  const dataDir = options.dataDir === undefined ? config.dataDir : path.resolve(config.cwd, options.dataDir)
  const applied = await migrateStore({ ...config, dataDir }, (line) => terminal.err(line))
  if (options.json) terminal.out(JSON.stringify({ applied }))
  else terminal.out(applied.length === 0 ? 'The database is up to date.' : `Applied ${applied.join(', ')}.`)
  return EXIT.done
}

async function migrateStore(config: Config, say: (line: string) => void): Promise<string[]> {
  const { prepareDatabase } = await import('../system/prepare-database.ts')
  return withStore(config, (databaseUrl) => prepareDatabase({ databaseUrl, redisUrl: config.redisUrl }, say))
}
