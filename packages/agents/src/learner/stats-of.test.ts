import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addStats, meansOf, statsOf, type AgentStatsDelta, type FinishedTask } from './stats-of.ts'

const finished: fc.Arbitrary<FinishedTask> = fc.record({
  taskType: fc.constantFrom('research', 'writing'),
  role: fc.constantFrom('a', 'b'),
  agentId: fc.constantFrom('agt_1', 'agt_2'),
  model: fc.constantFrom('m1', 'm2'),
  succeeded: fc.boolean(),
  score: fc.option(fc.integer({ min: 0, max: 8 }).map((n) => n / 8)),
  latencyMs: fc.nat(1e6),
  tokens: fc.nat(1e6),
  costUsd: fc.nat(1e4).map((n) => n / 1024),
})
const keyOf = (d: AgentStatsDelta) => [d.taskType, d.role, d.agentId, d.model].join('|')
const byKey = (deltas: readonly AgentStatsDelta[]) => deltas.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))

describe('statsOf', () => {
  it('sums the tasks of each combination', () => {
    const task: FinishedTask = {
      taskType: 't',
      role: 'r',
      agentId: 'a',
      model: 'm',
      succeeded: true,
      score: 0.8,
      latencyMs: 10,
      tokens: 100,
      costUsd: 0.5,
    }
    const [delta, ...rest] = statsOf([task, { ...task, succeeded: false, score: null, latencyMs: 30 }])
    expect(rest).toEqual([])
    expect(delta).toEqual({
      taskType: 't',
      role: 'r',
      agentId: 'a',
      model: 'm',
      runs: 2,
      successes: 1,
      scored: 1,
      scoreSum: 0.8,
      latencyMsSum: 40,
      tokensSum: 200,
      costUsdSum: 1,
    })
    expect(meansOf(delta as AgentStatsDelta)).toMatchObject({
      runs: 2,
      successes: 1,
      meanScore: 0.8,
      meanLatencyMs: 20,
      meanTokens: 100,
      meanCostUsd: 0.5,
    })
  })

  it('gives no mean of nothing', () => {
    expect(statsOf([])).toEqual([])
    const none = {
      taskType: 't',
      role: 'r',
      agentId: 'a',
      model: 'm',
      runs: 0,
      successes: 0,
      scored: 0,
      scoreSum: 0,
      latencyMsSum: 0,
      tokensSum: 0,
      costUsdSum: 0,
    }
    expect(meansOf(none)).toMatchObject({ meanScore: null, meanLatencyMs: null, meanTokens: null, meanCostUsd: null })
  })

  it('gives the same sums whether tasks are learned at once or in two batches', () => {
    fc.assert(
      fc.property(fc.array(finished, { maxLength: 30 }), fc.array(finished, { maxLength: 30 }), (first, second) => {
        const merged = new Map(statsOf(first).map((delta) => [keyOf(delta), delta]))
        for (const delta of statsOf(second)) {
          const before = merged.get(keyOf(delta))
          merged.set(keyOf(delta), before === undefined ? delta : addStats(before, delta))
        }
        expect(byKey([...merged.values()])).toEqual(byKey(statsOf([...first, ...second])))
      }),
    )
  })
})
