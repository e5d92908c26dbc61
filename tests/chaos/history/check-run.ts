import type { Journal } from '../model/journal.ts'
import { drawPlan } from '../plan/chaos-plan.ts'
import { expectedTasks } from '../plan/expected-outcome.ts'
import { checkLog } from './check-log.ts'
import { checkOutcomes } from './check-outcomes.ts'
import { checkTasks } from './check-tasks.ts'
import { checkUsage, type ClaimedCalls } from './check-usage.ts'
import type { RunHistory, Violation } from './history.ts'
import type { OutcomeSeals } from './outcome-seals.ts'

export type CheckContext = Readonly<{
  seed: number
  journal: Pick<Journal, 'find'>
  seals: OutcomeSeals
  claimed: ClaimedCalls
}>

/** Everything that must hold of one run of a campaign. */
export function checkRun(history: RunHistory, { seed, journal, seals, claimed }: CheckContext): Violation[] {
  const { plan } = history.run
  const expected = plan === null ? [] : expectedTasks(drawPlan(seed, plan))
  return [
    ...checkLog(history),
    ...checkTasks(history),
    ...checkOutcomes(history, expected, seals),
    ...checkUsage(history, journal, claimed),
  ]
}
