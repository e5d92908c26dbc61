import { afterEach, beforeEach, expect, it } from 'vitest'
import { createWorkerMetrics, type WorkerMetrics } from './metrics.ts'

let metrics: WorkerMetrics
beforeEach(() => {
  const modelLabel = (ref: string): string => (ref.startsWith('noop:') ? ref : 'other')
  metrics = createWorkerMetrics({ pools: [], modelLabel })
})
afterEach(() => metrics.close())

const tokens = { inputTokens: 100, cachedInputTokens: 40, cacheWriteTokens: 5, outputTokens: 20, reasoningTokens: 8 }
const parts = { inputUsd: 0, cachedInputUsd: 0, cacheWriteUsd: 0, outputUsd: 0, reasoningUsd: 0, totalUsd: 0.5 }
const used = { tokens: 120, costUsd: 0.5, toolCalls: 0, seconds: 2, usage: tokens, parts }

async function expectSeries(...series: string[]): Promise<void> {
  const lines = (await metrics.text()).split('\n')
  for (const each of series) expect(lines).toContain(each)
}

it('counts what its engine tells', async () => {
  const { engine } = metrics
  engine.stepped({
    size: 7,
    seconds: 0.004,
    claimed: 3,
    attempts: ['first', 'retry'],
    settled: ['complete', 'complete', 'fail'],
    fenced: 1,
  })
  engine.fenced()
  engine.recovered(2)
  engine.retried('task', 2)
  engine.retried('model_call')
  engine.gateWaited('lane')
  engine.budgetRefused('run', 'costUsd')
  await expectSeries(
    'flotilla_claims_total 3',
    'flotilla_settlements_total{verb="complete"} 2',
    'flotilla_settlements_total{verb="fail"} 1',
    'flotilla_attempts_total{kind="retry"} 1',
    'flotilla_step_batch_size_sum 7',
    'flotilla_step_duration_seconds_bucket{le="0.005"} 1',
    'flotilla_fenced_writes_total 2',
    'flotilla_recoveries_total 2',
    'flotilla_retries_total{kind="task"} 2',
    'flotilla_retries_total{kind="model_call"} 1',
    'flotilla_gate_waits_total{cause="lane"} 1',
    'flotilla_budget_refusals_total{level="run",dimension="costUsd"} 1',
  )
})

it('has every value of a label that is known beforehand at 0', () =>
  expectSeries(
    'flotilla_claims_total 0',
    'flotilla_settlements_total{verb="await"} 0',
    'flotilla_attempts_total{kind="recovery"} 0',
    'flotilla_retries_total{kind="model_fallback"} 0',
    'flotilla_gate_waits_total{cause="limit"} 0',
    'flotilla_budget_refusals_total{level="workspace",dimension="seconds"} 0',
  ))

it('counts model calls, their tokens and costs by models that are known', async () => {
  const { engine } = metrics
  engine.modelCalled({ model: 'noop:a', outcome: 'ok', seconds: 2, used })
  engine.modelCalled({ model: 'made:up', outcome: 'model_timeout', seconds: 90, used: null })
  await expectSeries(
    'flotilla_model_calls_total{model="noop:a",outcome="ok"} 1',
    'flotilla_model_calls_total{model="other",outcome="model_timeout"} 1',
    'flotilla_model_call_duration_seconds_sum{model="other"} 90',
    'flotilla_tokens_total{model="noop:a",kind="input"} 100',
    'flotilla_tokens_total{model="noop:a",kind="cached_input"} 40',
    'flotilla_tokens_total{model="noop:a",kind="reasoning"} 8',
    'flotilla_cost_usd_total{model="noop:a"} 0.5',
  )
  expect(await metrics.text()).not.toContain('made:up')
})

it('reads places and wake-ups of its engine, and its counts never fall', async () => {
  const tasks = { delivered: 10, nothing: 1, returned: 2 }
  const state = { tasks, runs: { delivered: 3, nothing: 1 } }
  metrics.watch({ slots: { used: 4, free: 46 }, wakeUps: () => state })
  await expectSeries(
    'flotilla_slots{state="used"} 4',
    'flotilla_slots{state="free"} 46',
    'flotilla_wakeups_total{result="nothing"} 2',
    'flotilla_wakeups_total{result="returned"} 2',
    'flotilla_wakeups_total{result="work"} 9',
  )
  state.tasks = { ...tasks, nothing: 5 }
  await expectSeries('flotilla_wakeups_total{result="nothing"} 6', 'flotilla_wakeups_total{result="work"} 9')
})
