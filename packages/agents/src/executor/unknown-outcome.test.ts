import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { defineTool, type Reconciled, type ToolOutcome } from '../tools/tool.ts'
import { briefOf } from '../context/brief.test-support.ts'
import { createToolRegistry } from '../tools/tool-registry.ts'
import { AttemptAbort } from './abort-reason.ts'
import type { PastToolCall } from './attempt-outcome.ts'
import { bench, historyOf } from './executor.test-support.ts'

type Options = Readonly<{
  run?: (signal: AbortSignal) => Promise<ToolOutcome>
  reconcile?: () => Promise<Reconciled>
  timeoutMs?: number
}>

/** An attempt whose model calls an unsafe tool once, then answers. */
function payBench({ run = async () => ({ ok: true, text: 'receipt 1' }), reconcile, timeoutMs = 5_000 }: Options) {
  const effects: string[] = []
  const pay = defineTool({
    name: 'pay',
    description: 'pays',
    parameters: v.strictObject({ to: v.string() }),
    retry: 'unsafe',
    timeoutMs,
    run: async (_args, { effectId, signal }) => {
      effects.push(effectId)
      return run(signal)
    },
    ...(reconcile && { reconcile }),
  })
  const made = bench([{ toolCalls: [{ name: 'pay', arguments: { to: 'ann' } }] }, { text: 'Done.' }], {
    tools: createToolRegistry([pay]),
  })
  return { ...made, effects, run: (input: Parameters<typeof made.run>[0] = {}) => made.run({ brief: BRIEF, ...input }) }
}

const BRIEF = { task: { ...briefOf().task, tools: ['pay'] } }

const EFFECT = 'run_00000000000000000000000000/find/1.1/0'
const answered = (made: ReturnType<typeof payBench>) => made.requests.at(-1)?.request.messages.at(-1)?.content[0]

/** The attempt after one that was lost with its call in this state. */
async function recovered(options: Options, state: Partial<PastToolCall>) {
  const first = payBench({ ...options, run: () => new Promise(() => {}) })
  void first.run()
  await expect.poll(() => first.effects.length, { timeout: 30_000 }).toBe(1)
  const second = payBench(options)
  const past = { n: 0, status: 'started' as const, result: null, mayRepeat: false, ...state }
  const goingOn = bench([{ text: 'Done.' }], { tools: second.deps.tools })
  const outcome = await goingOn.run({
    brief: { ...BRIEF, attempt: { number: 2, kind: 'recovery', revisions: 0 } },
    history: historyOf(first.turns, 1, [past]),
  })
  return {
    outcome,
    log: goingOn.log,
    effects: second.effects,
    told: goingOn.requests[0]?.request.messages.at(-1)?.content[0],
  }
}

describe('an unsafe call that was begun and never heard of again', () => {
  test('is left to a person, without another model call', async () => {
    const { outcome, effects, log, told } = await recovered({}, {})
    expect(outcome).toMatchObject({
      kind: 'await',
      unknown: { attempt: 1, turn: 1, n: 0, effectId: EFFECT, tool: 'pay', arguments: { to: 'ann' } },
    })
    expect(outcome).toMatchObject({
      unknown: { reason: 'contact was lost while it ran, and pay has no way to find out' },
    })
    expect([effects, log, told]).toEqual([[], [], undefined])
  })

  test('is answered by its tool when that knows what came of it', async () => {
    const { outcome, effects, log, told } = await recovered(
      { reconcile: async () => ({ kind: 'happened', result: 'receipt 7' }) },
      {},
    )
    expect(outcome.kind).toBe('output')
    expect(effects).toEqual([])
    expect(log).toEqual(['finish pay succeeded'])
    expect(told).toMatchObject({ content: 'receipt 7' })
  })

  test('is made when its tool says that it did not happen', async () => {
    const { effects, log } = await recovered({ reconcile: async () => ({ kind: 'not_happened' }) }, {})
    expect(effects).toEqual([EFFECT])
    expect(log).toEqual([`start pay ${EFFECT}`, 'finish pay succeeded'])
  })

  test.each([
    ['does not know', async (): Promise<Reconciled> => ({ kind: 'unknown' }), 'pay could not find out'],
    ['breaks', () => Promise.reject(new Error('bank closed')), 'finding out broke: bank closed'],
    ['hangs', () => new Promise<never>(() => {}), 'pay did not find out within 0.02 s'],
  ])('is left to a person when its tool %s', async (_what, reconcile, reason) => {
    const { outcome, effects } = await recovered({ reconcile, timeoutMs: 20 }, {})
    expect(outcome).toMatchObject({ kind: 'await', unknown: { reason: expect.stringContaining(reason) } })
    expect(effects).toEqual([])
  })

  test('is made once more, under the same effect id, when a person has said so', async () => {
    const reconcile = async (): Promise<Reconciled> => ({ kind: 'unknown' })
    const { effects, log } = await recovered({ reconcile }, { mayRepeat: true })
    expect(effects).toEqual([EFFECT])
    expect(log[0]).toBe(`start pay ${EFFECT}`)
  })

  test('is not made again once it is finished', async () => {
    const { effects, told } = await recovered({}, { status: 'failed', result: 'not repeated' })
    expect(effects).toEqual([])
    expect(told).toMatchObject({ content: 'not repeated', isError: true })
  })
})

describe('an unsafe call that gives no answer', () => {
  test.each([
    ['breaks', { run: () => Promise.reject(new Error('line dead')) }, 'it broke: line dead'],
    ['is too slow', { run: () => new Promise<never>(() => {}), timeoutMs: 20 }, 'it gave no answer within 0.02 s'],
  ])('since it %s is left to a person', async (_what, options, reason) => {
    const made = payBench(options)
    expect(await made.run()).toMatchObject({ kind: 'await', unknown: { reason: expect.stringContaining(reason) } })
    expect(made.requests).toHaveLength(1)
    expect(made.finished).toEqual([])
  })

  test('is answered by its tool, whichever way it went', async () => {
    const run = (): Promise<never> => Promise.reject(new Error('line dead'))
    const happened = payBench({ run, reconcile: async () => ({ kind: 'happened', result: 'receipt 7' }) })
    await happened.run()
    expect(answered(happened)).toMatchObject({ content: 'receipt 7' })
    const not = payBench({ run, reconcile: async () => ({ kind: 'not_happened' }) })
    await not.run()
    expect(answered(not)).toMatchObject({ content: 'pay did nothing: it broke: line dead.', isError: true })
    expect(not.effects).toHaveLength(1)
  })

  const hangs = (controller: AbortController, kind: 'timeout' | 'shutdown') => (signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error))
      controller.abort(new AttemptAbort(kind, 'why'))
    })

  test('when the attempt’s time is up is left to a person, too', async () => {
    const controller = new AbortController()
    const made = payBench({ run: hangs(controller, 'timeout') })
    expect(await made.run({ signal: controller.signal })).toMatchObject({
      kind: 'await',
      unknown: { reason: 'the attempt ran out of time while it ran, and pay has no way to find out' },
    })
  })

  test('when the process is to stop is left to the attempt after it', async () => {
    const controller = new AbortController()
    const made = payBench({ run: hangs(controller, 'shutdown') })
    expect(await made.run({ signal: controller.signal })).toMatchObject({ kind: 'released' })
    expect(made.finished).toEqual([])
  })

  test('that was stopped before its dispatch was not made, and is no question', async () => {
    const controller = new AbortController()
    const made = payBench({})
    const deps = {
      ...made.deps,
      startToolCall: async () => {
        controller.abort(new AttemptAbort('shutdown', 'why'))
        return true
      },
    }
    const stopped = bench([{ toolCalls: [{ name: 'pay', arguments: { to: 'ann' } }] }], deps)
    await stopped.run({ signal: controller.signal, brief: BRIEF })
    expect(made.effects).toEqual([])
    expect(made.finished).toMatchObject([{ status: 'failed', result: expect.stringContaining('was not made') }])
  })
})
