import { NO_USAGE } from '@flotilla/domain'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renderFrame } from './frame.ts'
import { reduce } from './reduce.ts'
import { RUN_ID, START, stateAfter, taskOf, tasksInput, type Step } from '../testing/run-fixture.ts'
import { widthOf } from './terminal-text.ts'

const usage = { ...NO_USAGE, inputTokens: 1_100, outputTokens: 140, costUsd: 0.0042 }
const diamond = [
  taskOf('read', { title: 'Read the documents', usage }),
  taskOf('left', { title: 'Compare recovery', dependsOn: ['read'], begun: 2 }),
  taskOf('right', { title: 'Compare throughput', dependsOn: ['read'], agent: null }),
  taskOf('end', { title: 'Recommend one', dependsOn: ['left', 'right'] }),
]
const midway: Step[] = [
  ['run.started'],
  ['task.started', 'read', { attempt: 1 }, 1],
  ['task.completed', 'read', {}, 4],
  ['task.started', 'left', { attempt: 2 }, 4],
  ['task.tool_called', 'left', { tool: 'knowledge_search' }, 5],
  ['task.failed', 'right', { error: { code: 'model_refused', message: 'the model refused' } }, 6],
]
const picture = (columns: number, rows = 24, state = stateAfter(diamond, midway)) =>
  renderFrame(state, { columns, rows, now: START + 10_000, hint: 'Ctrl-C cancels the run' })
    .map((line) => line.trimEnd())
    .join('\n')

test('a run midway', () => {
  expect(picture(100)).toMatchInlineSnapshot(`
    "Run run_01jd0000000000000000000000 executing
      Compare the documents
      ████████░░░░░░░░ 50%  1/4 done · 1 failed · 1 running · 0 tokens · $0 · 10.0 s
      ✔ Read the documents                done          Ada                     3.0 s    1.2k   $0.0042
        ⠋ Compare recovery · knowledge_…  running ×2    Ada                     6.0 s
        ✖ Compare throughput              failed        @analyst
          ↳ the model refused
          · Recommend one                 waiting       Ada
    Ctrl-C cancels the run"
  `)
})

test('a task that waits for its lane says until when, and why', () => {
  const wait = { until: '2026-11-21T10:00:30.000Z', why: 'slow down', lane: 'a/b/k', times: 1 }
  const task = taskOf('a', { title: 'Read', attempt: 3, begun: 1 })
  const started = stateAfter([task], [['task.started', 'a', { attempt: 3, kind: 'continuation' }]])
  const text = picture(110, 24, reduce(started, tasksInput([{ ...task, wait }])))
  expect(text).toMatch(/○ Read · waits until 10:00:30: slow.* waits +Ada/)
  expect(text).toContain('0/1 done · 1 waiting ·')
})

test('a narrower terminal leaves columns out, in the order of their worth', () => {
  expect(picture(72)).toMatchInlineSnapshot(`
    "Run run_01jd0000000000000000000000 executing
      Compare the documents
      ████████░░░░░░░░ 50%  1/4 done · 1 failed · 1 running · 0 tokens · $…
      ✔ Read the documents      done                3.0 s    1.2k   $0.0042
        ⠋ Compare recovery ·…   running ×2          6.0 s
        ✖ Compare throughput    failed
          ↳ the model refused
          · Recommend one       waiting
    Ctrl-C cancels the run"
  `)
  expect(picture(46)).toMatchInlineSnapshot(`
    "Run run_01jd0000000000000000000000 executing
      Compare the documents
      ████████░░░░░░░░ 50%  1/4 done · 1 failed…
      ✔ Read the docu…  done                3.0 s
        ⠋ Compare rec…  running ×2          6.0 s
        ✖ Compare thr…  failed
          ↳ the model refused
          · Recommend…  waiting
    Ctrl-C cancels the run"
  `)
})

const tasks = (n: number) =>
  Array.from({ length: n }, (_, i) => taskOf(`t${i}`, i === 0 ? {} : { dependsOn: [`t${Math.floor((i - 1) / 4)}`] }))

test('neighbours that are done or wait share a row where there are too many', () => {
  const steps: Step[] = [
    ...tasks(6).map(({ key }): Step => ['task.completed', key]),
    ['task.started', 't6', { attempt: 1 }, 8],
    ['task.failed', 't9', { error: { code: 'internal', message: 'broken' } }],
  ]
  expect(picture(60, 20, stateAfter(tasks(40), steps))).toMatchInlineSnapshot(`
    "Run run_01jd0000000000000000000000 created
      Compare the documents
      ██░░░░░░░░░░░░░░ 17%  6/40 done · 1 failed · 1 running ·…
      ✔ 3 tasks done
            · 4 tasks waiting
          ⠋ Do t6                     running             2.0 s
            · 14 tasks waiting
        ✔ Do t2                       done
          ✖ Do t9                     failed
            ↳ broken
            · 6 tasks waiting
        ✔ Do t3                       done
          · 4 tasks waiting
        ✔ Do t4                       done
          · 4 tasks waiting
    Ctrl-C cancels the run"
  `)
})

test('of a thousand tasks, what failed and what runs keep their rows', () => {
  const steps: Step[] = tasks(1_000).map(({ key }, i): Step =>
    i % 100 === 50
      ? ['task.failed', key, { error: { code: 'internal', message: `reason ${i}` } }]
      : i % 3 === 0
        ? ['task.completed', key]
        : i % 50 === 7
          ? ['task.started', key, { attempt: 1 }]
          : ['task.ready', key],
  )
  const shown = picture(60, 30, stateAfter(tasks(1_000), steps))
  expect(shown.split('\n')).toHaveLength(30)
  expect(shown.match(/✖/g)).toHaveLength(10)
  expect(shown).toContain('↳ reason 950')
  expect(shown).toMatch(/… and .*\d+ waiting/)
})

describe('a hostile server', () => {
  const evil = '\u001B[2J\u001B]0;owned\u0007\u009B1mx\r\n\u202Ey'
  const lines = renderFrame(
    stateAfter(
      [taskOf('a', { title: evil, agent: { id: 'agt_1', name: evil } })],
      [
        ['task.started', 'a'],
        ['task.tool_called', 'a', { tool: evil }],
        ['task.failed', 'a', { error: { code: 'internal', message: evil } }],
      ],
    ),
    { columns: 100, rows: 20, now: START },
  )
  test('does not drive the terminal', () => {
    expect(lines.join('')).not.toMatch(/[\p{Cc}\u202E]/u)
    expect(lines).toHaveLength(5)
  })
})

test('paints only by the given brush, around whole texts', () => {
  const painted = renderFrame(stateAfter(diamond, midway), {
    columns: 100,
    rows: 24,
    now: START,
    paint: (style, text) => `<${style}>${text}</>`,
  })
  expect(painted[0]).toContain(`<bold>Run ${RUN_ID}</><red> executing</>`)
})

test('no line is wider, and no frame higher, than the terminal', () => {
  const anyTask = fc.record({
    title: fc.string({ unit: 'grapheme', maxLength: 60 }),
    status: fc.constantFrom('completed', 'failed', 'started', 'ready'),
  })
  fc.assert(
    fc.property(
      fc.array(anyTask, { maxLength: 40 }),
      fc.integer({ min: 21, max: 200 }),
      fc.integer({ min: 1, max: 40 }),
      (list, columns, rows) => {
        const state = stateAfter(
          list.map(({ title }, i) => taskOf(`t${i}`, { title, dependsOn: i > 0 && i % 3 > 0 ? [`t${i - 1}`] : [] })),
          list.map(({ status }, i): Step => [`task.${status as 'completed'}`, `t${i}`, { reason: 'r'.repeat(300) }]),
        )
        const lines = renderFrame(state, { columns, rows, now: START })
        expect(lines.length).toBeLessThanOrEqual(rows)
        for (const line of lines) expect(widthOf(line)).toBeLessThan(columns)
      },
    ),
    { numRuns: 60 },
  )
})

test('a run that waits for its documents says how far they are', () => {
  const planned = stateAfter([], [['run.created'], ['run.planning']])
  const documents = { prepared: 7, total: 20 }
  const waiting = reduce(planned, { kind: 'documents', documents })
  expect(picture(100, 24, waiting)).toContain('  preparing documents: 7 of 20 · 0 tokens')
  expect(picture(100, 24, reduce(waiting, tasksInput(diamond)))).not.toContain('preparing')
})
