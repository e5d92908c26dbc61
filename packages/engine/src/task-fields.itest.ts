import { createLogger, type Logger } from '@flotilla/runtime'
import { until } from '@flotilla/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { openRuns } from './testing/run-fixture.ts'
import { openSpine } from './testing/spine-fixture.ts'

type Line = Record<string, unknown>

/** A log, and what was written to it. */
function openLog(): { log: Logger; lines: Line[] } {
  const lines: Line[] = []
  const destination = { write: (line: string) => void lines.push(JSON.parse(line) as Line) }
  return { log: createLogger({ name: 'test', level: 'debug', destination }), lines }
}

let close: () => Promise<void> = () => Promise.resolve()
afterEach(() => close())

describe('a log line about a task names it as people do, with its attempt', () => {
  it('where a model did not answer, and where a claim ends', async () => {
    const { log, lines } = openLog()
    const runs = await openRuns({ log })
    close = () => runs.close()
    const failure = { code: 'model_overloaded', message: 'busy' } as const
    runs.say({ task: (_key, n) => (n === 0 ? { failure } : { text: 'Done.' }) })
    const runId = await runs.submit({ plan: { tasks: [{ key: 'draft', role: 'writer' }] } })
    await runs.plan(runId)
    await runs.work(runId)
    await runs.hurry(runId)
    await runs.work(runId)
    const { rows } = await runs.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])
    const named = { runId: rows[0]?.uid, task: 'draft' }
    const told = lines.filter(({ task }) => task !== undefined)
    expect(told).toMatchObject([
      { ...named, attempt: 1, msg: 'a model did not answer', code: 'model_overloaded' },
      { ...named, attempt: 1, verb: 'retry', kind: 'first' },
      { ...named, attempt: 2, verb: 'complete', kind: 'retry' },
    ])
  })

  it('where it broke off in its slot', async () => {
    const { log, lines } = openLog()
    const spine = await openSpine('postgres', 0)
    close = () => spine.close()
    await spine.work(() => Promise.reject(new Error('a bug')), { log })
    const runId = await spine.submit([{ key: 'draft', role: 'writer' }])
    const line = await until(() => lines.find(({ msg }) => String(msg).startsWith('a task broke off')), {
      what: 'it is told',
    })
    const { rows } = await spine.pool.query<{ uid: string }>('select uid from flotilla.runs where id = $1', [runId])
    expect(line).toMatchObject({ runId: rows[0]?.uid, task: 'draft', attempt: 1, err: { message: 'a bug' } })
  })
})
