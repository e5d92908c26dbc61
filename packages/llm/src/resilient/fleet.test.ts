import { startModelServer, type ModelServer } from '@flotilla/testing/model-server'
import { describe, expect, it } from 'vitest'
import type { GateEvent } from '../gate/decide-gate.ts'
import { createMemoryGate, type RateGate } from '../gate/rate-gate.ts'
import { linkOn, WIRES, type WireName } from '../mock-models.test-support.ts'
import { userText, type ModelOutcome } from '../port.ts'
import { callChain, type ChainDeps, type ChainLink } from './call-chain.ts'
import { createCircuits } from './circuit.ts'
import { gatePermit, type PermitDeps } from './gate-permit.ts'
import { DEFAULT_RETRY } from './retry.ts'

const START = Date.UTC(2026, 10, 21, 12)

/** Workers on one gate and one clock, which moves only when all of them wait. */
function fleetOn(
  gateNow: () => number,
  gate: RateGate = createMemoryGate({ now: gateNow }),
  reserve?: PermitDeps['reserve'],
) {
  const circuits = createCircuits({ now: gateNow })
  const settled: ModelOutcome[] = []
  const call = (
    links: readonly [ChainLink, ...ChainLink[]],
    booking?: PermitDeps['booking'],
  ): Promise<ModelOutcome> => {
    const permit = gatePermit({
      gate,
      workspace: 'w',
      random: () => 0,
      reserve: reserve ?? (async () => ({ ok: true, settle: async (outcome) => void settled.push(outcome) })),
      ...(booking && { booking }),
    })
    const sleep = async (): Promise<void> => {}
    const deps: ChainDeps = {
      permit,
      circuits,
      retry: DEFAULT_RETRY,
      moveOnAfterMs: 5000,
      now: gateNow,
      random: () => 0,
      sleep,
    }
    const request = { model: '', system: '', messages: [userText('Hello')], maxOutputTokens: 50 }
    return callChain(deps, { links, request, options: { signal: new AbortController().signal } })
  }
  return { call, gate, settled }
}

describe.each(WIRES)('a fleet on %s', (wire) => {
  it('has no 429 after the first wave, and uses the quota that it learnt of', async () => {
    const clock = { now: START }
    const limits = { requests: 30 }
    await using server = await startModelServer({ limits, now: () => clock.now })
    const fleet = fleetOn(() => clock.now)
    const links = [linkOn(wire, server.url)] as const
    const wave = await Promise.all(Array.from({ length: 40 }, () => fleet.call(links)))
    const refused = wave.filter((outcome) => !outcome.ok && outcome.failure.code === 'model_rate_limited').length
    expect(refused).toBe(10)
    const before = server.journal.totals()
    const { calls, elapsedMs } = await goOn(fleet, links, clock, 60)
    expect(server.journal.totals().refused - before.refused).toBe(0)
    expect(server.journal.totals().calls - before.calls).toBe(calls)
    expect(calls / (elapsedMs / 60_000)).toBeGreaterThan(limits.requests * 0.95)
  })

  it('makes no call that was admitted before its lane closed and had not gone out', async () => {
    await using server = await startModelServer()
    const gate = createMemoryGate({ now: () => START })
    const link = linkOn(wire, server.url)
    const settled: ModelOutcome[] = []
    const close = (): Promise<unknown> =>
      gate.decide(link.lane, { kind: 'pause', forMs: 30_000, why: 'refused', jitter: 0 })
    const fleet = fleetOn(
      () => START,
      gate,
      async () => {
        await close()
        return { ok: true, settle: async (outcome) => void settled.push(outcome) }
      },
    )
    expect(await fleet.call([link])).toMatchObject({ ok: false, wait: { until: START + 30_000 } })
    expect(settled).toMatchObject([{ ok: false, wait: { until: START + 30_000 } }])
    expect(server.journal.entries).toEqual([])
  })

  it('gives back what a call was counted at that the provider refused', async () => {
    await using server = await startModelServer({ rules: [() => ({ status: 429, retryAfter: 1 })] })
    const told: GateEvent[] = []
    const memory = createMemoryGate({ now: () => START })
    const decide: RateGate['decide'] = (lane, event) => {
      told.push(event)
      return memory.decide(lane, event)
    }
    await fleetOn(() => START, { ...memory, decide }).call([linkOn(wire, server.url)])
    expect(told.map(({ kind }) => kind).slice(0, 3)).toEqual(['ask', 'pause', 'settle'])
    expect(told[2]).toMatchObject({ actual: {}, succeeded: false })
  })

  it('makes no call on a lane that it was told to leave alone, and others on another key', async () => {
    const clock = { now: START }
    await using server = await startModelServer({ now: () => clock.now })
    server.script({ status: 429, retryAfter: 30 })
    const fleet = fleetOn(() => clock.now)
    const closed = linkOn(wire, server.url)
    await fleet.call([closed])
    clock.now += 29_000
    expect(await fleet.call([closed])).toMatchObject({ ok: false, wait: { until: START + 30_000 } })
    expect(server.journal.entries).toHaveLength(1)
    expect(await fleet.call([linkOn(wire, server.url, 'key-2')])).toMatchObject({ ok: true })
  })
})

/** `count` calls one after the other, each coming back as told; time from the first to the last. */
async function goOn(
  fleet: ReturnType<typeof fleetOn>,
  links: readonly [ChainLink],
  clock: { now: number },
  count: number,
): Promise<{ calls: number; elapsedMs: number }> {
  let [calls, began] = [0, 0]
  let booking: PermitDeps['booking']
  while (calls < count) {
    const outcome = await fleet.call(links, booking)
    booking = outcome.ok ? undefined : outcome.wait
    if (booking) clock.now = Math.max(clock.now, booking.until)
    else calls += 1
    if (calls === 1 && began === 0) began = clock.now
  }
  return { calls: count, elapsedMs: clock.now - began }
}

describe('a chain over real SDKs', () => {
  const start = (): Promise<ModelServer> => startModelServer()

  it.each<[string, number, number]>([
    ['model_overloaded', 529, 3],
    ['model_unavailable', 500, 3],
    ['model_auth', 401, 1],
  ])('moves on from %s to another provider, with the reason', async (code, status, calls) => {
    await using broken = await startModelServer({ rules: [() => ({ status })] })
    await using sound = await start()
    const fleet = fleetOn(() => START)
    const outcome = await fleet.call([linkOn('anthropic', broken.url), linkOn('responses', sound.url)])
    expect(outcome).toMatchObject({ ok: true, reply: { ref: 'openai:gpt-6.1-sol', provider: 'openai' } })
    expect(outcome.hops).toHaveLength(calls)
    expect(outcome.hops?.[0]).toMatchObject({ ref: 'anthropic:claude-sonnet-5-5', code, is: 'failed' })
    expect(broken.journal.entries).toHaveLength(calls)
    expect(fleet.settled).toHaveLength(calls + 1)
  })

  it.each<[string, WireName, object]>([
    ['a refusal', 'anthropic', { refusal: { explanation: 'No.' } }],
    ['an invalid request', 'responses', { status: 400 }],
    ['bad arguments', 'chat', { calls: [{ name: 'x', arguments: '{' }] }],
  ])('never moves on from %s', async (_what, wire, answer) => {
    await using first = await startModelServer({ rules: [() => answer] })
    await using second = await start()
    const outcome = await fleetOn(() => START).call([linkOn(wire, first.url), linkOn('chat', second.url, 'key-2')])
    expect(outcome.hops).toBeUndefined()
    expect([first.journal.entries.length, second.journal.entries.length]).toEqual([1, 0])
  })

  it('closes the lane of a refused key, and says why', async () => {
    await using server = await startModelServer({ rules: [() => ({ status: 401, message: 'invalid x-api-key' })] })
    const fleet = fleetOn(() => START)
    const link = linkOn('anthropic', server.url)
    await fleet.call([link])
    const outcome = await fleet.call([link])
    expect(outcome).toMatchObject({ ok: false, wait: { laneId: 'anthropic/claude-sonnet-5-5/key-1' } })
    expect(outcome.hops?.[0]?.message).toContain('invalid x-api-key')
    expect(server.journal.entries).toHaveLength(1)
  })
})
