import type { ErrorCode } from '@flotilla/domain'
import { describe, expect, it } from 'vitest'
import { replyText, userText, type ModelOutcome, type ModelProvider, type UserMessage } from '../port.ts'
import { createScriptedProvider, type Script } from '../providers/scripted.ts'
import { callChain, type CallPermit, type ChainDeps, type ChainLink } from './call-chain.ts'
import { createCircuits } from './circuit.ts'
import { DEFAULT_RETRY } from './retry.ts'

const NOW = 1_000_000
const fails = (code: ErrorCode, retryAfterMs?: number) => ({
  failure: { code, message: `${code} happened`, ...(retryAfterMs !== undefined && { retryAfterMs }) },
})
const say = (text: string) => ({ text })

type Permits = (ref: string, asked: number) => CallPermit | undefined

function chainOf(scripts: Record<string, Script | ModelProvider>, permits: Permits = () => undefined) {
  const slept: number[] = []
  const settled: [string, string][] = []
  const asked = new Map<string, number>()
  let now = NOW
  const links = Object.entries(scripts).map(([ref, script]): ChainLink & { calls: () => number } => {
    let count = 0
    const model = 'simulated' in script ? script : createScriptedProvider({ script })
    const provider: ModelProvider = {
      ...model,
      call: (...args) => {
        count += 1
        return model.call(...args)
      },
    }
    return {
      provider,
      model: ref,
      ref: `scripted:${ref}`,
      lane: { provider: 'scripted', model: ref, key: 'k' },
      calls: () => count,
    }
  })
  const deps: ChainDeps = {
    permit: async ({ ref }) => {
      const count = (asked.get(ref) ?? 0) + 1
      asked.set(ref, count)
      const settle = async (of: ModelOutcome) => void settled.push([ref, of.ok ? 'ok' : of.failure.code])
      return permits(ref, count) ?? { is: 'granted', settle }
    },
    circuits: createCircuits({ now: () => now }),
    retry: DEFAULT_RETRY,
    moveOnAfterMs: 10_000,
    now: () => now,
    random: () => 0,
    sleep: async (ms) => void slept.push(ms),
  }
  type More = {
    onText?: (text: string) => void
    onRestart?: () => void
    signal?: AbortSignal
    message?: UserMessage
  }
  const call = async (more: More = {}) => {
    const { onText, onRestart, signal = new AbortController().signal, message = userText('Hello') } = more
    return callChain(deps, {
      links: links as unknown as [ChainLink],
      request: { model: '', system: '', messages: [message], maxOutputTokens: 10 },
      options: { signal, ...(onText && { onText }) },
      ...(onRestart && { onRestart }),
    })
  }
  return { call, slept, settled, calls: () => links.map((link) => link.calls()), pass: (ms: number) => (now += ms) }
}

/** Shows a piece of an answer, fails, and answers the next call whole. */
const brokenOff = (): ModelProvider => {
  const whole = createScriptedProvider({ script: () => say('Once upon a time') })
  let calls = 0
  return {
    ...whole,
    call: async (request, options) => {
      calls += 1
      if (calls > 1) return whole.call(request, options)
      options.onText?.('Once ')
      return { ok: false, ...fails('model_unavailable') }
    },
  }
}

const hopsOf = (outcome: ModelOutcome) => outcome.hops?.map(({ ref, is, code }) => `${ref} ${is} ${code}`)

describe('a chain of models', () => {
  it('answers by the first, without a hop', async () => {
    const chain = chainOf({ a: [say('Hi')], b: [say('no')] })
    const outcome = await chain.call()
    expect(outcome).toMatchObject({ ok: true, reply: { ref: 'scripted:a' } })
    expect(outcome).not.toHaveProperty('hops')
    expect(chain.settled).toEqual([['scripted:a', 'ok']])
  })

  describe('shown an image', () => {
    const message: UserMessage = {
      role: 'user',
      content: [{ type: 'image', mediaType: 'image/png', source: { data: 'AAAA' } }],
    }
    const blind = (): ModelProvider => ({ ...createScriptedProvider({ script: [say('no')] }), textOnly: true })

    it('passes over what reads text alone, without a permit, and says why', async () => {
      const chain = chainOf({ a: blind(), 'o3-mini': [say('no')], c: [say('Hi')] })
      const outcome = await chain.call({ message })
      expect(outcome).toMatchObject({ ok: true, reply: { ref: 'scripted:c' } })
      expect(hopsOf(outcome)).toEqual([
        'scripted:a passed_over model_bad_request',
        'scripted:o3-mini passed_over model_bad_request',
      ])
      expect(chain.settled).toEqual([['scripted:c', 'ok']])
    })

    it('fails for good where no model reads it, and says what to do', async () => {
      const outcome = await chainOf({ a: blind() }).call({ message })
      expect(outcome).toMatchObject({
        ok: false,
        failure: {
          code: 'model_bad_request',
          message:
            "scripted:a was not called: it reads no images, and the request has some. Choose a model that reads them (FLOTILLA_MODEL, or the agent's model or allowedModels), or leave them out",
        },
      })
      expect(outcome).not.toHaveProperty('wait')
    })

    it('asks the next where a provider refuses the request, which may be for the image', async () => {
      const chain = chainOf({ a: () => fails('model_bad_request'), b: [say('Hi')] })
      const outcome = await chain.call({ message })
      expect(outcome).toMatchObject({ ok: true, reply: { ref: 'scripted:b' } })
      expect(hopsOf(outcome)).toEqual(['scripted:a failed model_bad_request'])
    })

    it('waits for the one that reads it', async () => {
      const chain = chainOf({ a: blind(), b: [say('Hi')] }, (ref) =>
        ref === 'scripted:b' ? { is: 'wait', until: NOW + 1000, why: 'closed' } : undefined,
      )
      expect(await chain.call({ message })).toMatchObject({ ok: false, wait: { until: NOW + 1000 } })
    })
  })

  it('retries on the lane what passes, with a new permit each, and tells of it', async () => {
    const chain = chainOf({ a: [fails('model_unavailable'), fails('model_overloaded', 1500), say('Hi')] })
    const outcome = await chain.call()
    expect(outcome).toMatchObject({ ok: true, reply: { ref: 'scripted:a' } })
    expect(chain.slept).toEqual([200, 1500])
    expect(chain.settled.map(([, end]) => end)).toEqual(['model_unavailable', 'model_overloaded', 'ok'])
    expect(hopsOf(outcome)).toEqual(['scripted:a failed model_unavailable', 'scripted:a failed model_overloaded'])
  })

  it.each<[ErrorCode, number]>([
    ['model_rate_limited', 1],
    ['model_timeout', 1],
    ['model_auth', 1],
    ['model_unavailable', 3],
    ['model_overloaded', 3],
  ])('moves on from %s after %d calls, with the reason', async (code, calls) => {
    const chain = chainOf({ a: () => fails(code), b: [say('Hi')] })
    const outcome = await chain.call()
    expect(outcome).toMatchObject({ ok: true, reply: { ref: 'scripted:b' } })
    expect(chain.calls()).toEqual([calls, 1])
    expect(outcome.hops?.at(-1)).toMatchObject({ ref: 'scripted:a', code, message: `${code} happened`, at: NOW })
  })

  it.each<ErrorCode>([
    'model_refused',
    'model_bad_request',
    'model_malformed',
    'model_truncated',
    'budget_exceeded',
    'cancelled',
  ])('never moves on from %s', async (code) => {
    const chain = chainOf({ a: [fails(code)], b: [say('no')] })
    expect(await chain.call()).toMatchObject({ ok: false, failure: { code } })
    expect(chain.calls()).toEqual([1, 0])
  })

  it('takes a refusal for an answer', async () => {
    const chain = chainOf({ a: [{ text: 'I cannot.', stopReason: 'refusal' }], b: [say('no')] })
    expect(await chain.call()).toMatchObject({ ok: true, reply: { stopReason: 'refusal', ref: 'scripted:a' } })
  })

  it('asks nobody when the budget says no', async () => {
    const denied = { is: 'denied', failure: { code: 'budget_exceeded', message: 'used up' } } as const
    const chain = chainOf({ a: [say('no')], b: [say('no')] }, () => denied)
    expect(await chain.call()).toEqual({ ok: false, failure: denied.failure })
    expect(chain.calls()).toEqual([0, 0])
  })

  it('waits for a lane that opens soon, and moves on from one that does not', async () => {
    const closedFor =
      (ms: number): Permits =>
      (ref) =>
        ref === 'scripted:a' ? { is: 'wait', until: NOW + ms, why: 'requests are used up' } : undefined
    const soon = chainOf({ a: [say('no')], b: [say('no')] }, closedFor(9000))
    expect(await soon.call()).toMatchObject({
      ok: false,
      wait: { laneId: 'scripted/a/k', until: NOW + 9000 },
      failure: { retryAfterMs: 9000 },
    })
    expect(soon.calls()).toEqual([0, 0])
    const late = chainOf({ a: [say('no')], b: [say('Hi')] }, closedFor(60_000))
    const outcome = await late.call()
    expect(outcome).toMatchObject({ ok: true, reply: { ref: 'scripted:b' } })
    expect(outcome.hops?.[0]).toMatchObject({
      is: 'passed_over',
      message: 'scripted:a was not called: requests are used up',
    })
  })

  it('says when the first of all closed lanes opens, having called none', async () => {
    const chain = chainOf({ a: [], b: [] }, (ref) => ({
      is: 'wait',
      until: NOW + (ref === 'scripted:a' ? 90_000 : 40_000),
      why: 'closed',
    }))
    expect(await chain.call()).toMatchObject({ ok: false, wait: { laneId: 'scripted/b/k', until: NOW + 40_000 } })
    expect(chain.calls()).toEqual([0, 0])
  })

  it('leaves a lane in trouble alone, and probes it when it may have recovered', async () => {
    let broken = true
    const chain = chainOf({ a: () => (broken ? fails('model_unavailable') : say('Hi')), b: () => say('Hi') })
    await chain.call()
    await chain.call()
    expect(chain.calls()).toEqual([5, 2])
    expect(hopsOf(await chain.call())).toEqual(['scripted:a passed_over model_rate_limited'])
    expect(chain.calls()).toEqual([5, 3])
    broken = false
    chain.pass(60_000)
    expect(await chain.call()).toMatchObject({ ok: true, reply: { ref: 'scripted:a' } })
  })

  it('tells of its calls when the circuit opens between them, and of none when it is open', async () => {
    const chain = chainOf({ a: () => fails('model_unavailable') })
    await chain.call()
    const opened = await chain.call()
    expect(opened).toMatchObject({ ok: false, failure: { code: 'model_unavailable' } })
    expect(opened).not.toHaveProperty('wait')
    expect(chain.calls()).toEqual([5])
    expect(await chain.call()).toMatchObject({ ok: false, wait: { laneId: 'scripted/a/k' } })
    expect(chain.calls()).toEqual([5])
  })

  it('tries nothing again once text was shown, unless that can be called void', async () => {
    const stuck = chainOf({ a: brokenOff(), b: [say('no')] })
    const shown: string[] = []
    const outcome = await stuck.call({ onText: (text) => shown.push(text) })
    expect(outcome).toMatchObject({ ok: false, failure: { code: 'model_unavailable' } })
    expect([shown, stuck.calls()]).toEqual([['Once '], [1, 0]])

    const free = chainOf({ a: brokenOff() })
    const kept: string[] = []
    const restarted = await free.call({ onText: (text) => kept.push(text), onRestart: () => kept.splice(0) })
    if (!restarted.ok) throw new Error(restarted.failure.message)
    expect(kept.join('')).toBe(replyText(restarted.reply))
  })

  it('says until when it made no call, and for each model whether its lane or its circuit is in the way', async () => {
    const until = NOW + 60_000
    const paced = chainOf({ a: [say('no')], b: [say('no')] }, (ref) => ({
      is: 'wait',
      until: ref === 'scripted:a' ? until + 1 : until,
      why: `the requests of ${ref} are used up`,
    }))
    expect(await paced.call()).toMatchObject({
      failure: {
        message:
          'no call was made before 00:17:40 UTC: scripted:a (the requests of scripted:a are used up), scripted:b (the requests of scripted:b are used up)',
      },
      wait: { laneId: 'scripted/b/k', until },
    })
    const broken = chainOf({ a: () => fails('model_unavailable') })
    for (let n = 0; n < 3; n++) await broken.call()
    const open = await broken.call()
    expect(open).toMatchObject({
      failure: { message: expect.stringContaining('scripted:a (its circuit is open: model_unavailable happened)') },
      wait: { laneId: 'scripted/a/k', circuit: true },
    })
  })

  it('stops between retries when it is called off', async () => {
    const controller = new AbortController()
    const script: Script = () => {
      controller.abort()
      return fails('model_unavailable')
    }
    const chain = chainOf({ a: script, b: [say('no')] })
    const outcome = await chain.call({ signal: controller.signal })
    expect(outcome.ok).toBe(false)
    expect(chain.calls()).toEqual([1, 0])
  })
})
