import {
  TERMINAL_RUN,
  TASK_END,
  type EventRow,
  type RunHistory,
  type Violation,
  type ViolationKind,
} from './history.ts'

const RUN_END: Readonly<Record<string, string>> = {
  'run.completed': 'completed',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
}

/** The run's log as a whole: numbers without a gap, one end at its end, counts that add up. */
export function checkLog(history: RunHistory): Violation[] {
  return [...checkNumbers(history), ...checkEnd(history), ...checkProgress(history)]
}

export const violation = (history: RunHistory, kind: ViolationKind, detail: string): Violation => ({
  kind,
  run: history.run.uid,
  detail,
})

function checkNumbers(history: RunHistory): Violation[] {
  const { run, events } = history
  const gap = events.findIndex((event, i) => event.seq !== i + 1)
  const found: Violation[] = []
  if (gap >= 0) found.push(violation(history, 'seq_gap', `event ${gap + 1} has number ${events[gap]?.seq}`))
  const last = events.at(-1)?.seq ?? 0
  if (run.seq !== last)
    found.push(violation(history, 'seq_off', `the run counts ${run.seq} events, the last one is ${last}`))
  return found
}

function checkEnd(history: RunHistory): Violation[] {
  const { run, events } = history
  const ends = events.filter((event) => event.type in RUN_END)
  if (!TERMINAL_RUN.has(run.status) || run.live) {
    const is = `is ${run.status}${run.live ? '' : ', yet not live'}`
    return [
      violation(
        history,
        'not_terminal',
        `${is}, ${run.todo} of ${run.total} tasks to do; last event ${shown(events.at(-1))}`,
      ),
    ]
  }
  const [end] = ends
  if (ends.length !== 1 || end !== events.at(-1) || RUN_END[end?.type ?? ''] !== run.status) {
    const told = ends.map(shown).join(', ') || 'none'
    return [
      violation(
        history,
        'run_end',
        `is ${run.status}; expected one such event, the last of ${events.length}, found ${told}`,
      ),
    ]
  }
  return []
}

const shown = (event: EventRow | undefined): string =>
  event === undefined ? 'none' : `${event.seq} ${event.type}${event.idx === null ? '' : ` of task ${event.idx}`}`

type Counts = { completed: number; failed: number; skipped: number }

function checkProgress(history: RunHistory): Violation[] {
  const { run, events, tasks } = history
  const counts: Counts & Record<string, number> = { completed: 0, failed: 0, skipped: 0 }
  const found: Violation[] = []
  for (const event of events) {
    const end = TASK_END[event.type]
    if (end !== undefined) counts[end] = (counts[end] ?? 0) + 1
    if (event.type === 'run.progress' && !tells(event, counts, tasks.length))
      found.push(
        violation(
          history,
          'progress_off',
          `event ${event.seq} says ${JSON.stringify(event.data)}, the log so far ${JSON.stringify(counts)} of ${tasks.length}`,
        ),
      )
  }
  const ended = counts.completed + counts.failed + counts.skipped
  const agrees = run.completed === counts.completed && run.failed === counts.failed && run.skipped === counts.skipped
  const cancelled = run.status === 'cancelled'
  if (!agrees || run.total !== tasks.length || (!cancelled && run.todo !== run.total - ended))
    found.push(
      violation(
        history,
        'progress_off',
        `the run counts ${run.completed}, ${run.failed}, ${run.skipped} and ${run.todo} to do of ${run.total}; its log ${JSON.stringify(counts)} of ${tasks.length}`,
      ),
    )
  return found
}

function tells({ data }: EventRow, counts: Counts, total: number): boolean {
  const ended = counts.completed + counts.failed + counts.skipped
  return (
    data['completed'] === counts.completed &&
    data['failed'] === counts.failed &&
    data['skipped'] === counts.skipped &&
    data['total'] === total &&
    data['percent'] === Math.floor((100 * ended) / total)
  )
}
