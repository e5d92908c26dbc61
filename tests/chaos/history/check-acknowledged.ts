import type { RunRow, Violation } from './history.ts'

/** A run that the system said it has taken. */
export type Acknowledged = Readonly<{ plan: number; uid: string }>

/** Every acknowledged run is there, once, under the id that was answered. */
export function checkAcknowledged(
  acknowledged: readonly Acknowledged[],
  runs: readonly Pick<RunRow, 'uid' | 'plan'>[],
): Violation[] {
  const byPlan = Map.groupBy(runs, (run) => run.plan)
  const lost = acknowledged
    .filter(({ plan, uid }) => !(byPlan.get(plan) ?? []).some((run) => run.uid === uid))
    .map(({ plan, uid }): Violation => ({
      kind: 'lost_run',
      run: uid,
      detail: `plan ${plan} was acknowledged and is not on record`,
    }))
  const doubled = [...byPlan]
    .filter(([plan, same]) => plan !== null && same.length > 1)
    .map(([plan, same]): Violation => ({
      kind: 'doubled_run',
      run: same.map((run) => run.uid).join(', '),
      detail: `plan ${plan} stands ${same.length} times under one key`,
    }))
  return [...lost, ...doubled]
}
