import type pg from 'pg'
import { expect } from 'vitest'
import { readAttempts, readLog, readRun, readTasks, type LoggedEvent } from './record-reads.ts'

const ENDS: ReadonlySet<string> = new Set(['task.completed', 'task.failed', 'task.skipped', 'task.cancelled'])
/** What ends an attempt without ending its task. */
const PAUSES: ReadonlySet<string> = new Set(['task.retrying', 'task.verifying', 'task.revising', 'task.recovered'])

/**
 * What must hold of any run, whatever happened to it: numbers without a gap; each task ends once and does nothing
 * afterwards, and starts after all that it depends on; counts, spend and attempts are what the log tells.
 */
export async function expectSoundHistory(pool: pg.Pool, runId: number): Promise<void> {
  const [log, run, tasks] = [await readLog(pool, runId), await readRun(pool, runId), await readTasks(pool, runId)]
  expect(log.map((event) => event.seq)).toEqual(Array.from({ length: run.seq }, (_, i) => i + 1))
  const { rows } = await pool.query<{ deps: number[] }>(
    'select deps from flotilla.tasks where run_id = $1 order by idx',
    [runId],
  )
  const endOf = (idx: number): LoggedEvent | undefined => log.find((event) => event.idx === idx && ENDS.has(event.type))
  for (const task of tasks) {
    const own = log.filter((event) => event.idx === task.idx)
    const ends = own.filter((event) => ENDS.has(event.type))
    expect(ends.map((event) => event.type)).toEqual(task.finished ? [`task.${task.status}`] : [])
    expect(own.filter((event) => event.seq > (ends[0]?.seq ?? Infinity))).toEqual([])
    const starts = own.filter((event) => event.type === 'task.started')
    expect(starts.map((event) => event.data['attempt'])).toEqual(starts.map((_, i) => i + 1))
    expect(starts).toHaveLength(task.attempt)
    for (const dep of starts.length > 0 ? (rows[task.idx]?.deps ?? []) : []) {
      expect(endOf(dep)?.type).toBe('task.completed')
      expect(endOf(dep)?.seq).toBeLessThan(starts[0]?.seq ?? 0)
    }
    expectAlternation(own)
  }
  const count = (status: string): number => tasks.filter((task) => task.status === status).length
  const counted = { completed: count('completed'), failed: count('failed'), skipped: count('skipped') }
  const todo = tasks.filter((task) => !task.finished).length
  expect(run).toMatchObject({ total: tasks.length, todo, ...counted })
  expect(run.status).toBe(todo === 0 ? 'verifying' : 'executing')
  const tokens = tasks.reduce((sum, task) => sum + task.tokens, 0)
  expect(tokens).toBe(run.inputTokens + run.outputTokens)
  expect(tasks.reduce((sum, task) => sum + task.toolCalls, 0)).toBe(run.toolCalls)
  const attempts = await readAttempts(pool, runId)
  for (const task of tasks) {
    const ended = attempts.filter((attempt) => attempt.idx === task.idx).map((attempt) => attempt.number)
    const running = task.status === 'in_progress' ? 1 : 0
    expect(ended).toEqual(Array.from({ length: task.attempt - running }, (_, i) => i + 1))
  }
}

/** An attempt starts only when the one before it has ended, in any way but a release, which is not told. */
function expectAlternation(own: readonly LoggedEvent[]): void {
  let running: unknown = null
  for (const event of own) {
    if (event.type === 'task.started') {
      if (running !== null) expect(event.data['kind']).toBe('continuation')
      running = event.data['attempt']
    } else if (PAUSES.has(event.type)) running = null
  }
}
