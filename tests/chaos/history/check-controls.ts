import { violation } from './check-log.ts'
import type { RunHistory, Violation } from './history.ts'

/** Runs whose cancel was answered: it had taken effect, or the run had ended before. */
export type Cancels = ReadonlySet<string>

/** A run is cancelled when somebody has asked for it; while it is paused nothing of it starts. */
export function checkControls(history: RunHistory, asked: Cancels, confirmed: Cancels): Violation[] {
  const { run } = history
  const found: Violation[] = []
  if (confirmed.has(run.uid) && run.status !== 'cancelled')
    found.push(violation(history, 'cancel_lost', `its cancel was confirmed, and it is ${run.status}`))
  if (run.status === 'cancelled' && !asked.has(run.uid))
    found.push(violation(history, 'cancel_lost', 'it is cancelled, and nobody has asked for it'))
  return [...found, ...checkPauses(history)]
}

function checkPauses(history: RunHistory): Violation[] {
  const found: Violation[] = []
  let pausedAt: number | null = null
  for (const { seq, idx, type } of history.events) {
    if (type === 'run.paused') pausedAt = seq
    else if (type === 'run.resumed') pausedAt = null
    else if (type === 'task.started' && pausedAt !== null)
      found.push(
        violation(
          history,
          'started_while_paused',
          `task ${idx} started with event ${seq}; event ${pausedAt} had paused`,
        ),
      )
  }
  return found
}
