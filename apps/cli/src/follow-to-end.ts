import { ProblemError, type Client } from '@flotilla/client'
import type { RunEvent, RunView } from '@flotilla/domain'
import { EXIT, type Context } from './context.ts'
import type { LiveState } from './live/state.ts'
import { createViews, type Progress } from './live/progress.ts'
import { watchRun } from './live/watch-run.ts'
import { restLines } from './rest-text.ts'

/** A terminal's Ctrl-C reaches every process of the group, and npm passes its copy on: one key press, one interrupt. */
const REPEAT_MS = 500

export interface FollowInput {
  readonly client: Client
  readonly runId: string
  readonly progress: Progress
  /** Ctrl-C cancels the run; else it only ends the watching. */
  readonly cancels: boolean
  /** Ends the watching after this event, beside the terminal one. */
  readonly endsAt?: (event: RunEvent) => boolean
}

/** `paused`: the run as it rests, where that ended the watching. */
export type Followed = Readonly<{ state: LiveState; interrupted: boolean; paused: RunView | null }>

/**
 * Shows a run until its end; while it is paused only where somebody looks on. A second Ctrl-C ends the process at once.
 */
export async function followToEnd(context: Context, input: FollowInput): Promise<Followed> {
  const { terminal, now } = context
  const { client, runId, cancels, endsAt, progress } = input
  const stop = new AbortController()
  let interruptedAt: number | null = null
  const interrupt = (): void => {
    if (interruptedAt !== null) {
      if (now() - interruptedAt >= REPEAT_MS) process.exit(EXIT.interrupted)
      return
    }
    interruptedAt = now()
    if (cancels) cancel(context, client, runId, () => stop.abort())
    else stop.abort()
  }
  const view = createViews(
    context,
    progress,
    cancels ? 'Ctrl-C cancels the run' : 'Ctrl-C stops watching; the run goes on',
  )
  const off = [context.onSignal('SIGINT', interrupt), context.onSignal('SIGTERM', () => process.exit(EXIT.terminated))]
  terminal.divert((text) => view.note(text))
  let paused: RunView | null = null
  const endsPaused = async (event: RunEvent): Promise<boolean> => {
    const run = await tellPause(context, client, event, progress.waits)
    if (!progress.waits) paused = run
    return paused !== null
  }
  try {
    const watch = { runId, signal: stop.signal, endsPaused, ...(endsAt === undefined ? {} : { endsAt }) }
    const state = await watchRun({ client, view, now }, watch)
    return { state, interrupted: interruptedAt !== null, paused }
  } finally {
    terminal.divert(null)
    for (const remove of off) remove()
  }
}

/**
 * Says why a run is paused and what lets it go on; answers the run. Null: it is not this pause that lasts, for a log is read from
 * its begin. `waits`: who follows goes on following.
 */
export async function tellPause(
  { terminal }: Pick<Context, 'terminal'>,
  client: Client,
  { runId, at }: RunEvent,
  waits: boolean,
): Promise<RunView | null> {
  const run = await client.runs.get(runId)
  if (run.status !== 'paused' || (run.pause !== undefined && Date.parse(run.pause.since) > Date.parse(at))) return null
  terminal.err(restLines(run, waits).join('\n'))
  return run
}

/** The run's own last event then ends the watching. */
function cancel({ terminal }: Context, client: Client, runId: string, giveUp: () => void): void {
  terminal.err(`Cancelling ${runId} … Ctrl-C again leaves at once.`)
  client.runs.cancel(runId).catch((error: unknown) => {
    // It ended before the cancel came.
    if (error instanceof ProblemError && error.status === 409) return
    terminal.err(error instanceof Error ? error.message : String(error))
    giveUp()
  })
}
