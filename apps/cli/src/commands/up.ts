import type { Command } from 'commander'
import path from 'node:path'
import { withServer } from '../connection.ts'
import type { Config } from '../config.ts'
import type { Context, Register, ServerOptions } from '../context.ts'
import { wholeNumber } from '../input/values.ts'
import { CORRECT_ENVIRONMENT, UsageError } from '../problem-text.ts'
import { programProblems } from '../program-settings.ts'

export interface SystemOptions extends ServerOptions {
  readonly port?: number
  readonly host?: string
  readonly dataDir?: string
  readonly workers?: number
  readonly concurrency?: number
}

/** Adds what describes the system to start. */
export const withSystem = (command: Command): Command =>
  withServer(command)
    .option('--port <n>', 'port of the API; 0 takes any free one (FLOTILLA_PORT, 3000)', wholeNumber(0, 65_535))
    .option('--host <host>', 'address that the API listens on (FLOTILLA_HOST, 127.0.0.1)')
    .option('--data-dir <dir>', 'where data and logs are kept (FLOTILLA_DATA_DIR, .flotilla)')
    .option('--workers <n>', 'worker processes (FLOTILLA_WORKERS, 1)', wholeNumber(1, 64))
    .option('--concurrency <n>', 'tasks at a time in each worker (FLOTILLA_CONCURRENCY, 50)', wholeNumber(1, 5_000))

/** The environment's configuration with the options in place. */
export const systemConfig = (config: Config, options: SystemOptions): Config => ({
  ...config,
  port: options.port ?? config.port,
  host: options.host ?? config.host,
  dataDir: options.dataDir === undefined ? config.dataDir : path.resolve(config.cwd, options.dataDir),
  workers: options.workers ?? config.workers,
  concurrency: options.concurrency ?? config.concurrency,
})

/** Before anything starts: the API and the workers would end with the same, again and again. */
export async function refuseProgramSettings(settings: Config): Promise<void> {
  const problems = await programProblems(settings)
  if (problems.length > 0) throw new UsageError([...problems, CORRECT_ENVIRONMENT])
}

export const registerUp: Register = (program, context) => {
  withSystem(program.command('up'))
    .summary('start the whole system on this machine')
    .description(
      'Starts the API, the workers and, unless DATABASE_URL is set, a PostgreSQL of its own, and keeps them running until Ctrl-C.\nPrints "Listening on <url>" when it is ready.',
    )
    .action(async (options: SystemOptions) => void (context.exitCode = await up(context, options)))
}

async function up(context: Context, options: SystemOptions): Promise<number> {
  const settings = systemConfig(context.config, options)
  await refuseProgramSettings(settings)
  const { runSystem } = await import('../system/run-system.ts')
  return runSystem(context, settings, { json: options.json ?? false })
}
