import { ProblemError, type Client } from '@flotilla/client'
import type { RunEvent } from '@flotilla/domain'
import { EXIT, type Context } from './context.ts'
import type { LiveState } from './live/state.ts'
import { createViews, type Progress } from './live/progress.ts'
import { watchRun } from './live/watch-run.ts'

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

export type Followed = Readonly<{ state: LiveState; interrupted: boolean }>

/** Shows a run until its end. A second Ctrl-C ends the process at once. */
export async function followToEnd(context: Context, input: FollowInput): Promise<Followed> {
  const { terminal, now } = context
  const { client, runId, cancels, endsAt } = input
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
    input.progress,
    cancels ? 'Ctrl-C cancels the run' : 'Ctrl-C stops watching; the run goes on',
  )
  const off = [context.onSignal('SIGINT', interrupt), context.onSignal('SIGTERM', () => process.exit(EXIT.terminated))]
  terminal.divert((text) => view.note(text))
  try {
    const watch = { runId, signal: stop.signal, ...(endsAt === undefined ? {} : { endsAt }) }
    const state = await watchRun({ client, view, now }, watch)
    return { state, interrupted: interruptedAt !== null }
  } finally {
    terminal.divert(null)
    for (const remove of off) remove()
  }
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
