import { afterEach, expect, it } from 'vitest'
import { openPaidRuns, paidTask, workOff, type PaidRuns } from '../testing/paid-runs.ts'

let runs: PaidRuns
afterEach(() => runs.close())

it('the tasks of a run pay once for what their prompts begin with, though they start at once', async () => {
  runs = await openPaidRuns({ cacheFromTokens: 1_000, rules: [() => ({ text: 'Done.' })] })
  const goal = `Compare what these say: ${'the fleet sails at dawn, '.repeat(300)}`
  const runId = await runs.submit({ goal, plan: { tasks: Array.from({ length: 8 }, (_, n) => paidTask(`t${n}`)) } })
  await runs.plan(runId)
  await workOff(runs, runId)
  const calls = runs.server.journal.entries.map(({ tokens }) => tokens)
  expect(calls).toHaveLength(8)
  expect(calls.filter((tokens) => (tokens?.written ?? 0) > 1_000)).toHaveLength(1)
  expect(calls.filter((tokens) => (tokens?.cached ?? 0) > 1_000)).toHaveLength(7)
})
