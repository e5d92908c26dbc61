import { step, sweep, type ClaimedTask, type TaskRef } from '@flotilla/db'
import { createOfflineProvider } from '@flotilla/llm'
import type { Answer, Asked } from '@flotilla/testing/model-server'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { HeldClaims } from './held-claims.ts'
import { runTask } from './run-task.ts'
import { openPaidRuns, paidTask, workOff, type PaidRuns } from './testing/paid-runs.ts'
import { runState, told } from './testing/run-reads.ts'

let runs: PaidRuns
afterEach(() => runs.close())

/** Of 12 KB, so that it is worth a provider's cache. */
const PICTURE = Buffer.concat([Buffer.from('\u0089PNG\r\n\u001A\n', 'latin1'), Buffer.alloc(12_000, 'pixel')])
const DATA = PICTURE.toString('base64')
const PNG = { name: 'chart.png', mediaType: 'image/png', data: DATA } as const
const PDF = {
  name: 'report.pdf',
  mediaType: 'application/pdf',
  data: Buffer.from('%PDF-1.7 /Type /Page /Type /Page ').toString('base64'),
} as const
const NOTES = { name: 'notes.md', content: 'The chart is of May.\n' }

type Content = readonly Readonly<Record<string, unknown>>[]
/** What the provider was sent as the first message. */
const firstOf = ({ body }: Asked): Content => (body['messages'] as { content: Content }[])[0]?.content ?? []
const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: DATA } }

describe('an image and a PDF of a run', () => {
  it('reach the provider by the first task, and its cache by the others', async () => {
    const asked: Asked[] = []
    const remember = (call: Asked): Answer => {
      asked.push(call)
      return { text: 'It rose.' }
    }
    runs = await openPaidRuns({ cacheFromTokens: 1_000, rules: [remember] })
    const tasks = [paidTask('a'), paidTask('b', { dependsOn: ['a'] })]
    const runId = await runs.submit({ documents: [NOTES, PNG, PDF], plan: { tasks }, budget: { costUsd: 9 } })
    await runs.plan(runId)
    await workOff(runs, runId)
    for (const call of asked) {
      const content = firstOf(call)
      expect(content.slice(1, 6)).toEqual([
        { type: 'text', text: expect.stringContaining('The images and PDFs of the run follow') },
        { type: 'text', text: '<shown document="chart.png" type="image/png" />' },
        image,
        { type: 'text', text: '<shown document="report.pdf" type="application/pdf" />' },
        {
          type: 'document',
          title: 'report.pdf',
          source: { type: 'base64', media_type: 'application/pdf', data: PDF.data },
          cache_control: { type: 'ephemeral' },
        },
      ])
      // The task's own words stand behind the breakpoint.
      expect(content).toHaveLength(7)
      expect(String(content[6]?.['text'])).toContain('<task key=')
      expect(String(content[0]?.['text'])).toContain('<document name="notes.md" lines="1" />')
      expect(String(content[0]?.['text'])).toContain('<document name="report.pdf" type="application/pdf" pages="2" />')
    }
    const tokens = runs.server.journal.entries.map((entry) => entry.tokens)
    expect(tokens).toHaveLength(2)
    expect(tokens[0]).toMatchObject({ cached: 0 })
    expect(tokens[0]?.written).toBeGreaterThan(DATA.length / 4)
    expect(tokens[1]?.cached).toBeGreaterThan(DATA.length / 4)
  })

  it('are counted before each call, named in its context, and kept once in the record', async () => {
    const held: { tokens: number }[] = []
    runs = await openPaidRuns({
      rules: [
        async () => {
          const query = `select tokens_reserved::int as tokens from flotilla.budget_calls where status = 'reserved'`
          held.push(...(await runs.pool.query<{ tokens: number }>(query)).rows)
          return { text: 'It rose.' }
        },
      ],
    })
    const runId = await runs.submit({
      documents: [PNG, PDF],
      plan: { tasks: [paidTask('a')] },
      budget: { tokens: 500_000 },
    })
    await runs.plan(runId)
    await workOff(runs, runId)
    // 5,000 for an image, 8,000 for a page, and what its tokenizer makes of them at most.
    expect(held).toHaveLength(1)
    expect(held[0]?.tokens).toBeGreaterThan((5_000 + 2 * 8_000) * 1.5)
    const { rows } = await runs.pool.query<{
      request: unknown
      context: { sections: { name: string; why: string }[] }
    }>('select request, context from flotilla.turns where run_id = $1', [runId])
    expect(JSON.stringify(rows)).not.toContain(DATA.slice(0, 100))
    expect(JSON.stringify(rows[0]?.request)).toContain('{"ref":"chart.png"}')
    expect(rows[0]?.context.sections.find(({ name }) => name === 'shown')?.why).toBe(
      'images and PDFs of the run: chart.png (image/png), report.pdf (application/pdf)',
    )
  })

  it('are sent again by the worker that goes on with a lost one', async () => {
    const asked: Asked[] = []
    const reached = Promise.withResolvers<void>()
    const hang = Promise.withResolvers<void>()
    const save = { name: 'write_artifact', arguments: { name: 'a.md', content: 'It rose.' } }
    const rule = (call: Asked): Answer => {
      asked.push(call)
      if (call.turn === 1) return { calls: [save] }
      if (asked.length > 2) return { text: 'It rose.' }
      reached.resolve()
      return { text: 'too late', when: hang.promise }
    }
    runs = await openPaidRuns({ rules: [rule] })
    onTestFinished(() => hang.resolve())
    const tasks = [paidTask('a', { tools: ['write_artifact'] })]
    const runId = await runs.submit({ documents: [PNG], plan: { tasks }, budget: { costUsd: 9 } })
    await runs.plan(runId)
    const task = await claim({ runId, idx: 0 })
    const lost = runTask(runs.deps, task, new HeldClaims().hold(task))
    await reached.promise
    await loseLease({ runId, idx: 0 })
    await runs.hurry(runId)
    const [next] = await runs.work(runId)
    hang.resolve()
    await lost
    expect(next).toMatchObject({ kind: 'recovery', attempt: 2 })
    expect(asked.map(({ turn }) => turn)).toEqual([1, 2, 2])
    for (const call of asked) expect(firstOf(call)).toContainEqual({ ...image, cache_control: { type: 'ephemeral' } })
    expect(await runState(runs, runId)).toMatchObject({ status: 'verifying' })
  })
})

describe('a model that reads no images', () => {
  const offline = { offline: createOfflineProvider(), model: 'offline:default' }
  const submit = () => runs.submit({ documents: [PNG], plan: { tasks: [paidTask('a', { maxAttempts: 3 })] } })

  it('fails its task at once, and says what to do', async () => {
    runs = await openPaidRuns({}, { registry: offline })
    const runId = await submit()
    await runs.plan(runId)
    expect(await runs.work(runId)).toHaveLength(1)
    const failed = (await told(runs, runId)).find(({ type }) => type === 'task.failed')
    expect(failed?.data['error']).toEqual({
      code: 'model_bad_request',
      message: expect.stringMatching(
        /^offline:default was not called: it reads no images, .* Choose a model that reads them \(FLOTILLA_MODEL,/,
      ),
    })
    expect(runs.server.journal.entries).toEqual([])
  })

  it('is passed over for the next that may answer, with the reason on record', async () => {
    runs = await openPaidRuns({}, { registry: offline, fallbackModels: ['anthropic:claude-dear'] })
    const runId = await submit()
    await runs.plan(runId)
    await workOff(runs, runId)
    const log = await told(runs, runId)
    expect(log.find(({ type }) => type === 'task.completed')?.data).toMatchObject({ model: 'anthropic:claude-dear' })
    expect(log.find(({ type }) => type === 'task.turn')?.data).toMatchObject({
      hops: [{ model: 'offline:default', is: 'passed_over', code: 'model_bad_request' }],
    })
  })
})

async function claim(ref: TaskRef): Promise<ClaimedTask> {
  const shared = { cap: 0, served: null, leaseMs: 60_000, worker: 'w1' }
  const { claimed } = await step(runs.pool, { ...shared, settlements: [], claims: [ref] })
  const [task] = claimed
  if (task === undefined) throw new Error('the task cannot be claimed')
  return task
}

/** The reconciler finds its lease run out. */
async function loseLease({ runId, idx }: TaskRef): Promise<void> {
  await runs.pool.query(
    `update flotilla.tasks set due = clock_timestamp() - interval '1 s' where run_id = $1 and idx = $2`,
    [runId, idx],
  )
  await sweep(runs.pool, { after: runId - 1, limit: 1, ready: false, deep: false, maxRecoveries: 5 })
}
