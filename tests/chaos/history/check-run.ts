import type { Journal } from '../model/journal.ts'
import type { ChaosPlan } from '../plan/chaos-plan.ts'
import { expectedTasks } from '../plan/expected-outcome.ts'
import { checkControls, type Cancels } from './check-controls.ts'
import { checkLog } from './check-log.ts'
import { checkOutcomes } from './check-outcomes.ts'
import { checkTasks } from './check-tasks.ts'
import { checkUsage, type ClaimedCalls } from './check-usage.ts'
import type { RunHistory, Violation } from './history.ts'
import type { OutcomeSeals } from './outcome-seals.ts'

export type CheckContext = Readonly<{
  planOf: (number: number) => ChaosPlan
  cancels: Readonly<{ asked: Cancels; confirmed: Cancels }>
  journal: Pick<Journal, 'find'>
  seals: OutcomeSeals
  claimed: ClaimedCalls
}>

/** Everything that must hold of one run of a campaign. */
export function checkRun(history: RunHistory, { planOf, cancels, journal, seals, claimed }: CheckContext): Violation[] {
  const { plan } = history.run
  const expected = plan === null ? [] : expectedTasks(planOf(plan))
  return [
    ...checkLog(history),
    ...checkTasks(history),
    ...checkOutcomes(history, expected, seals),
    ...checkControls(history, cancels.asked, cancels.confirmed),
    ...checkUsage(history, journal, claimed),
  ]
}
