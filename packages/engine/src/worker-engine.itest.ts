import { describeOnEachBackend, until } from '@flotilla/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { completed, openSpine, type Spine } from './testing/spine-fixture.ts'

const task = (key: string, ...dependsOn: string[]) => ({ key, role: 'writer', dependsOn })
const DIAMOND = [
  task('root'),
  ...[0, 1, 2, 3].map((i) => task(`a${i}`, 'root')),
  ...[0, 1, 2, 3].map((i) => task(`b${i}`, `a${i}`)),
  task('join', 'b0', 'b1', 'b2', 'b3'),
]

type Row = { seq: number; type: string; idx: number | null; data: Record<string, unknown> }

/** What must hold of any run's log. */
async function history(spine: Spine, runId: number): Promise<Row[]> {
  const { rows } = await spine.pool.query<Row>(
    'select seq, type, idx, data from flotilla.events where run_id = $1 order by seq',
    [runId],
  )
  expect(rows.map((row) => row.seq)).toEqual(rows.map((_, i) => i + 1))
  const { rows: tasks } = await spine.pool.query<{ idx: number; deps: number[]; status: string }>(
    'select idx, deps, status from flotilla.tasks where run_id = $1',
    [runId],
  )
  for (const t of tasks) {
    const own = rows.filter((row) => row.idx === t.idx)
    const ends = own.filter((row) => row.type === 'task.completed')
    expect(ends.length).toBe(t.status === 'completed' ? 1 : 0)
    for (const start of own.filter((row) => row.type === 'task.started')) {
      if (ends[0]) expect(start.seq).toBeLessThan(ends[0].seq)
      for (const dep of t.deps)
        expect(rows.some((row) => row.idx === dep && row.type === 'task.completed' && row.seq < start.seq)).toBe(true)
    }
  }
  return rows
}

describeOnEachBackend('the spine', (backend) => {
  describe.each([0, 200])('with trees up to %i tasks', (treeMax) => {
    let spine: Spine
    beforeEach(async () => {
      spine = await openSpine(backend, treeMax)
    })
    afterEach(() => spine.close())

    it('runs a diamond, each task once and after what it depends on', async () => {
      const ran: number[] = []
      await spine.work(async (t) => {
        ran.push(t.idx)
        return {}
      })
      const runId = await spine.submit(DIAMOND)
      expect(await spine.ended(runId)).toBe('completed')
      expect(ran.toSorted((a, b) => a - b)).toEqual(DIAMOND.map((_, i) => i))
      const log = await history(spine, runId)
      expect(log.filter((row) => row.type === 'task.started')).toHaveLength(DIAMOND.length)
      expect(log.filter((row) => row.type === 'task.ready')).toHaveLength(DIAMOND.length)
      expect(log.at(-1)?.type).toBe('run.verifying')
    })

    it('runs many runs on two workers at once', async () => {
      await spine.work(async () => ({}))
      await spine.work(async () => ({}))
      const runs = await Promise.all(Array.from({ length: 20 }, () => spine.submit(DIAMOND)))
      for (const runId of runs) expect(await spine.ended(runId)).toBe('completed')
      for (const runId of runs) await history(spine, runId)
    })

    it('tries a failed task again and then skips what waits for it, and nothing else', async () => {
      await spine.work(async (t) => {
        if (t.idx !== 1) return {}
        const error = { code: 'internal' as const, message: 'no luck' }
        return t.tries < 2
          ? { verb: 'retry', delayMs: 10, data: { kind: t.kind, error } }
          : { verb: 'fail', data: { kind: t.kind, error } }
      })
      const runId = await spine.submit([task('a'), task('b', 'a'), task('c', 'a'), task('d', 'b'), task('e', 'd', 'c')])
      expect(await spine.ended(runId)).toBe('failed')
      const { rows } = await spine.pool.query<{ status: string }>(
        'select status from flotilla.tasks where run_id = $1 order by idx',
        [runId],
      )
      expect(rows.map((row) => row.status)).toEqual(['completed', 'failed', 'completed', 'skipped', 'skipped'])
      const log = await history(spine, runId)
      expect(log.filter((row) => row.idx === 1).map((row) => row.type)).toEqual([
        'task.ready',
        'task.started',
        'task.retrying',
        'task.started',
        'task.failed',
      ])
    })

    it('hands a judged output to a judge, and revises it when the judge says so', async () => {
      const verdict = (decision: 'accepted' | 'revise') => ({
        decision,
        score: decision === 'accepted' ? 1 : 0.2,
        findings: [],
      })
      await spine.work(async (t) => {
        const base = completed(t)
        if (!t.judge) return { verb: 'verify' }
        return t.revisions === 0
          ? { verb: 'revise', data: { kind: t.kind, verdict: verdict('revise') } }
          : { verb: 'complete', data: { kind: base.data.kind, verdict: verdict('accepted') } }
      })
      const runId = await spine.submit([task('a'), task('b', 'a')])
      expect(await spine.ended(runId)).toBe('completed')
      const log = await history(spine, runId)
      expect(log.filter((row) => row.idx === 0).map((row) => row.type)).toEqual([
        'task.ready',
        'task.started',
        'task.verifying',
        'task.revising',
        'task.started',
        'task.verifying',
        'task.completed',
      ])
      const kinds = log.filter((row) => row.idx === 0 && row.type === 'task.started').map((row) => row.data['kind'])
      expect(kinds).toEqual(['first', 'revision'])
    })

    it('keeps to a fleet-wide limit of a role', async () => {
      await spine.pool.query("insert into flotilla.pools (role, max_running) values ('writer', 2)")
      let running = 0
      let most = 0
      const body = async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running--
        return {}
      }
      await spine.work(body)
      await spine.work(body)
      const runId = await spine.submit([task('root'), ...Array.from({ length: 12 }, (_, i) => task(`t${i}`, 'root'))])
      expect(await spine.ended(runId)).toBe('completed')
      expect(most).toBeLessThanOrEqual(2)
      await history(spine, runId)
      const { rows } = await spine.pool.query<{ running: number }>('select running from flotilla.pools')
      expect(rows[0]?.running).toBe(0)
    })

    it('recovers a task whose worker went silent, and refuses what that worker writes later', async () => {
      let release: () => void = () => {}
      const stuck = new Promise<void>((resolve) => {
        release = resolve
      })
      const silent = await spine.work(
        async (t) => {
          if (t.idx === 0 && t.attempt === 1) await stuck
          return {}
        },
        // Long enough for what it goes on with on a busy machine.
        { leaseMs: 2_000, heartbeatMs: 60_000, sweepMs: 60_000 },
      )
      const runId = await spine.submit([task('a'), task('b', 'a')])
      await until(() => silent.activeTasks > 0, { what: 'the first worker holds the task' })
      await spine.work(async () => ({}), { sweepMs: 100 })
      expect(await spine.ended(runId)).toBe('completed')
      release()
      await until(() => silent.activeTasks === 0, { what: 'the silent worker has written' })
      const log = await history(spine, runId)
      expect(log.filter((row) => row.idx === 0).map((row) => row.type)).toEqual([
        'task.ready',
        'task.started',
        'task.recovered',
        'task.started',
        'task.completed',
      ])
    })
  })
})
