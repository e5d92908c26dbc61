import type { Journal } from '../model/journal.ts'
import { mayRunOut } from '../money/chaos-budget.ts'
import type { ChaosPlan } from '../plan/chaos-plan.ts'
import { expectedTasks } from '../plan/expected-outcome.ts'
import { checkControls, type Cancels } from './check-controls.ts'
import { checkLog } from './check-log.ts'
import { checkMoney, type Charges } from './check-money.ts'
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
  charges: Charges
}>

/** Everything that must hold of one run of a campaign. */
export function checkRun(history: RunHistory, context: CheckContext): Violation[] {
  const { planOf, cancels, journal, seals, claimed, charges } = context
  const { plan } = history.run
  const planned = plan === null ? null : planOf(plan)
  const expected = planned === null ? [] : expectedTasks(planned)
  return [
    ...checkLog(history),
    ...checkTasks(history),
    ...checkOutcomes(history, expected, seals, mayRunOut(planned?.budget ?? null)),
    ...checkControls(history, cancels.asked, cancels.confirmed),
    ...checkUsage(history, journal, claimed),
    ...checkMoney(history, charges),
  ]
}
