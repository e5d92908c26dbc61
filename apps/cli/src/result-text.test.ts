import { expect, test } from 'vitest'
import { resultText } from './result-text.ts'
import { taskOf } from './testing/run-fixture.ts'
import { runOf } from './testing/run-view.ts'

const good = runOf({
  quality: { score: 0.914, parts: { verification: 0.9, completion: 0.83 } },
  result: {
    text: 'Use A [a.md:12].\u001B[2J\nNot B.',
    citations: [
      { marker: '[a.md:12]', document: 'a.md', startLine: 12, endLine: 12, start: 0, end: 9, quote: 'A keeps\nall.' },
      { marker: '[a.md:12]', document: 'a.md', startLine: 12, endLine: 12, start: 0, end: 9, quote: 'A keeps\nall.' },
      {
        marker: '[long-name.md:1-2]',
        document: 'long-name.md',
        startLine: 1,
        endLine: 2,
        start: 0,
        end: 9,
        quote: 'b',
      },
    ],
    simulated: true,
  },
})
const plain = (_: string, text: string) => text

test('a run that completed', () => {
  expect(resultText(good, [taskOf('a', { attempt: 2, begun: 2 }), taskOf('b', { attempt: 3, begun: 1 })], plain))
    .toMatchInlineSnapshot(`
      "Run run_01jd0000000000000000000000 completed
      2 of 2 tasks done · 1 took more than one attempt · 1.2k tokens · $0.0042 · 1 min 5 s
      Quality 0.91 (verification 0.90, completion 0.83)
      Answered by the offline model: simulated, put together from passages; no language model ran

      Use A [a.md:12].
      Not B.

      Sources
        [a.md:12]           A keeps all.
        [long-name.md:1-2]  b"
    `)
})

test('a run that failed says which tasks and why', () => {
  const failed = taskOf('b', {
    status: 'failed',
    model: 'anthropic:x',
    error: { code: 'model_refused', message: 'no\u0007 way' },
  })
  const run = runOf({
    status: 'failed',
    simulated: false,
    quality: null,
    result: null,
    progress: { total: 2, completed: 1, failed: 1, skipped: 0, percent: 100 },
    error: { code: 'internal', message: 'task b failed' },
  })
  expect(resultText(run, [taskOf('a', { model: 'anthropic:x' }), failed], plain)).toMatchInlineSnapshot(`
    "Run run_01jd0000000000000000000000 failed
    1 of 2 tasks done · 1 failed · 1.2k tokens · $0.0042 · 1 min 5 s
    Answered by anthropic:x
    internal: task b failed
      ✖ b (@analyst): no way"
  `)
})

test('a run that nothing has judged has no score to show', () => {
  const quality = { score: 1, parts: { completion: 1, revisions: 1 } }
  expect(resultText(runOf({ quality }), [], plain)).toContain('Quality not judged (completion 1.00, revisions 1.00)')
})

test('a run that several models answered names all of them once', () => {
  const tasks = [
    taskOf('a', { model: 'anthropic:small', models: ['anthropic:large', 'anthropic:small'] }),
    taskOf('b', { model: 'anthropic:small' }),
  ]
  expect(resultText(runOf({ simulated: false }), tasks, plain)).toContain(
    'Answered by anthropic:large, anthropic:small',
  )
})

test('the time of a run says how much of it was a pause, and its cost what may come on top', () => {
  const run = runOf()
  const budget = { ...run.budget, spent: { ...run.budget.spent, seconds: 5 }, unknownCalls: 2, unknownUsdAtMost: 0.101 }
  const text = resultText({ ...run, budget }, [], plain)
  expect(text).toContain('1 min 5 s (1 min of it paused)')
  expect(text).toContain('\n2 calls ended without telling their usage; at most $0.11 more.')
})
