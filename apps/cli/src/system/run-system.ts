import { createLogger, createShutdown, type ProcessEvents, type ShutdownReport } from '@flotilla/runtime'
import type { Config } from '../config.ts'
import { EXIT, type Context } from '../context.ts'
import { chooseModels, modelLine } from '../models.ts'
import { drainOf } from './child-environment.ts'
import { startSystem, type SystemOutcome } from './system.ts'

export interface RunningSystem {
  readonly url: string
  /** Aborts when the system begins to stop. */
  readonly signal: AbortSignal
}

/** Beyond the time after which its processes are killed a part of the system gets this long to let go. */
const FORCE_MS = 5_000
/** The command says its last words within this time of the system's end. */
const LAST_WORDS_MS = 2_000
const LOOPBACK = /^(127\.|localhost$|::1$)/

/**
 * Runs the whole system until a signal ends it, announces it when it is ready, and does `work` with it meanwhile. Answers
 * the exit code once nothing of it runs any more.
 */
export async function runSystem(
  context: Context,
  config: Config,
  options: Readonly<{ json: boolean; work?: (system: RunningSystem) => Promise<void> }>,
): Promise<number> {
  const { terminal } = context
  context.staysUp = true
  const models = await chooseModels(config.models)
  for (const problem of models.problems) terminal.err(`flotilla: ${problem}`)
  if (models.problems.length > 0) return EXIT.usage
  const log = createLogger({
    level: 'warn',
    name: 'flotilla',
    pretty: true,
    destination: { write: (line) => terminal.err(line.trimEnd()) },
  })
  const shutdown = createShutdown({ log, drainMs: drainOf(config.drainSeconds).graceMs, forceMs: FORCE_MS })
  const broken = Promise.withResolvers<string>()
  let running = true
  shutdown.listen(processWithLastWords())
  shutdown.signal.addEventListener('abort', () => {
    if (!running) return
    terminal.err(
      `Stopping: running work gets up to ${config.drainSeconds} s, the rest is kept and goes on at the next start …`,
    )
  })
  const outcome = await startSystem({ log, say: terminal.err, shutdown, onFailure: broken.resolve }, config)
  if (outcome.state !== 'ready') {
    // A start that failed has no work to wait for: its reason is all there is to say.
    running = false
    if (outcome.state === 'failed') terminal.err(`flotilla: ${outcome.problem}`)
    return end(context, outcome, await shutdown.run(outcome.state))
  }
  announce(context, config, outcome.url, options.json)
  terminal.err(modelLine(models))
  const over = Promise.race([
    broken.promise,
    new Promise<null>((resolve) => shutdown.signal.addEventListener('abort', () => resolve(null))),
  ])
  const work = options.work?.({ url: outcome.url, signal: shutdown.signal })
  try {
    const problem = await Promise.race([over, ...(work === undefined ? [] : [work.then(() => over)])])
    if (problem !== null) terminal.err(`flotilla: ${problem}`)
    const report = await shutdown.run(problem ?? 'stopped')
    return end(context, problem === null ? { state: 'stopped' } : { state: 'failed', problem }, report)
  } finally {
    await shutdown.run('failed')
    await work
  }
}

/** This process, which ends by itself once all is closed and the command has said so; only a second signal ends it at once. */
function processWithLastWords(): ProcessEvents {
  return {
    on: (event, listener) => process.on(event, listener),
    off: (event, listener) => process.off(event, listener),
    exit: (code) =>
      code >= 128 ? process.exit(code) : void setTimeout(() => process.exit(code), LAST_WORDS_MS).unref(),
    channel: process.channel,
  }
}

function end({ terminal }: Context, outcome: SystemOutcome, report: ShutdownReport): number {
  const clean = report.failed.length + report.timedOut.length === 0
  if (outcome.state === 'stopped')
    terminal.err(
      clean ? 'Stopped.' : `Stopped, not all of it in time: ${[...report.failed, ...report.timedOut].join(', ')}`,
    )
  return outcome.state === 'failed' || !clean ? EXIT.failed : EXIT.done
}

function announce({ terminal }: Context, config: Config, url: string, json: boolean): void {
  terminal.out(json ? JSON.stringify({ event: 'ready', url }) : `Listening on ${url}`)
  if (!LOOPBACK.test(config.host))
    terminal.err(
      `Anyone who can reach ${config.host}:${new URL(url).port} can use this server: there is no login. 127.0.0.1 keeps it to this machine.`,
    )
}
