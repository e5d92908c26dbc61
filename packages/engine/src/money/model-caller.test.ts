import type { Admission } from '@flotilla/db'
import {
  createCircuits,
  createMemoryGate,
  createPriceTable,
  createScriptedProvider,
  DEFAULT_RETRY,
  DEFAULT_TIMEOUTS,
  type ChainLink,
  type ScriptedProvider,
} from '@flotilla/llm'
import { describe, expect, it } from 'vitest'
import { listen } from '../engine-metrics.test-support.ts'
import type { CallerDeps, CallerInput } from './call-walk.ts'
import { createModelCaller } from './model-caller.ts'

const ADMITTED: Admission = { status: 'admitted', leftMs: null, accounts: [] }
const STOP = { level: 'run', dimension: 'costUsd', limit: 1, reserved: 0, settled: 1, asked: 0.1 } as const
const CALL = {
  system: '',
  messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Go.' }] }],
  maxOutputTokens: 100,
}

type Bench = Readonly<{
  provider: ScriptedProvider
  /** What was told to the purse of each call's end. */
  ended: unknown[]
  refused: string[]
  /** What was told to whoever counts. */
  told: unknown[][]
  call: (signal?: AbortSignal) => ReturnType<ReturnType<typeof createModelCaller>>
}>

/** A caller whose record answers as `admit` does. */
function openBench(admit: () => Admission, change: Partial<CallerInput> = {}, own: Partial<CallerDeps> = {}): Bench {
  const provider = createScriptedProvider({ script: () => ({ text: 'Done.' }) })
  const link: ChainLink = {
    provider,
    model: 'm',
    ref: 'scripted:m',
    lane: { provider: 'scripted', model: 'm', key: 'none' },
  }
  const [ended, refused]: [unknown[], string[]] = [[], []]
  const { metrics, told } = listen()
  const call = createModelCaller(
    {
      prices: createPriceTable(),
      unknownPrice: 'refuse',
      gate: createMemoryGate({ now: () => 0 }),
      circuits: createCircuits({ now: () => 0 }),
      callRetry: { ...DEFAULT_RETRY, retries: 0 },
      metrics,
      now: () => new Date(0),
      random: () => 0.5,
      ...own,
    },
    {
      links: [link],
      savers: [link],
      purse: {
        reserve: () => Promise.resolve({ key: 'k', admission: admit() }),
        end: (_, used) => void ended.push(used),
      },
      purpose: 'task',
      workspaceId: 1,
      policy: 'fail',
      accounts: [],
      waited: 0,
      stopped: () => null,
      onRefused: (status) => void refused.push(status),
      ...change,
    },
  )
  return { provider, ended, refused, told, call: (signal = new AbortController().signal) => call(CALL, { signal }) }
}

/** Of what the record refuses. */
const TOLD: Readonly<Record<string, unknown[][]>> = {
  fence_lost: [['fenced']],
  out_of_time: [['budgetRefused', 'run', 'seconds']],
}

describe('a model call', () => {
  it('is made once the record has admitted it, and paid', async () => {
    const bench = openBench(() => ADMITTED)
    expect(await bench.call()).toMatchObject({ refusal: null, outcome: { ok: true } })
    expect(bench.provider.journal).toHaveLength(1)
    expect(bench.ended).toMatchObject([{ tokens: expect.any(Number) }])
    const call = { model: 'scripted:m', outcome: 'ok', seconds: 0, used: bench.ended[0] }
    expect(bench.told).toEqual([['modelCalled', call]])
  })

  it('is made as calls for its purpose are to be', async () => {
    const callSettings = { judge: { reasoning: { effort: 'low' }, timeouts: { idleMs: 5_000 } } } as const
    for (const purpose of ['judge', 'plan'] as const) {
      const bench = openBench(() => ADMITTED, { purpose }, { callSettings, callTimeouts: { connectMs: 1_000 } })
      await bench.call()
      const { reasoning, timeouts } = bench.provider.journal[0]?.request ?? {}
      const own = purpose === 'judge' ? callSettings.judge : { reasoning: undefined, timeouts: {} }
      expect(reasoning).toEqual(own.reasoning)
      expect(timeouts).toEqual({ connectMs: 1_000, totalMs: DEFAULT_TIMEOUTS.totalMs, ...own.timeouts })
    }
  })

  it.each([
    ['fence_lost', 'stopped'],
    ['cancelled', 'stopped'],
    ['ended', 'stopped'],
    ['paused', 'stopped'],
    ['out_of_time', 'exceeded'],
  ] as const)('that the record refuses as %s is not made', async (status, kind) => {
    const bench = openBench(() => ({ status }))
    expect(await bench.call()).toMatchObject({ refusal: { kind } })
    expect(bench.provider.journal).toEqual([])
    expect(bench.refused).toEqual(kind === 'stopped' ? [status] : [])
    expect(bench.told).toEqual(TOLD[status] ?? [])
  })

  it('of a run that is out of time and is to pause waits for that', async () => {
    const bench = openBench(() => ({ status: 'out_of_time' }), { policy: 'pause' })
    expect(await bench.call()).toMatchObject({ refusal: { kind: 'wait', cause: 'room' } })
    expect(bench.told).toContainEqual(['gateWaited', 'room'])
    expect(bench.provider.journal).toEqual([])
  })

  it('that no budget has room for is not made', async () => {
    const bench = openBench(() => ({ status: 'budget', stop: STOP, accounts: [] }))
    expect(await bench.call()).toMatchObject({ refusal: { kind: 'exceeded', policy: 'fail', stop: STOP } })
    expect(bench.told).toEqual([['budgetRefused', 'run', 'costUsd']])
    expect(bench.provider.journal).toEqual([])
  })

  it('that is called off while the record is asked is not made, and gives back what was held', async () => {
    const calledOff = new AbortController()
    const bench = openBench(() => {
      calledOff.abort()
      return ADMITTED
    })
    expect(await bench.call(calledOff.signal)).toMatchObject({ refusal: { kind: 'stopped' } })
    expect(bench.provider.journal).toEqual([])
    expect(bench.ended).toEqual([null])
  })

  it('of an attempt that is to yield meanwhile is not made, and gives back what was held', async () => {
    let yields = false
    const bench = openBench(
      () => {
        yields = true
        return ADMITTED
      },
      { stopped: () => (yields ? 'the attempt is to yield' : null) },
    )
    expect(await bench.call()).toMatchObject({ refusal: { kind: 'stopped', why: 'the attempt is to yield' } })
    expect(bench.provider.journal).toEqual([])
    expect(bench.ended).toEqual([null])
  })
})
