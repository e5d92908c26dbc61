import type { Client } from '@flotilla/client'
import type { FleetView, FleetWorker } from '@flotilla/domain'
import { ok, warn, type Check } from './check.ts'

/** Who does the work; nothing where the server does not tell: one of an earlier version, or behind a proxy. */
export async function checkWorkers(client: Client): Promise<Check[]> {
  const fleet = await client.fleet().catch(() => null)
  return fleet === null || !('reconciler' in fleet) ? [] : workerChecks(fleet)
}

function workerChecks({ workers }: FleetView): Check[] {
  const heard = workers.filter(({ state }) => state !== 'silent')
  if (heard.length === 0)
    return [warn('Workers', 'none is heard of: runs wait', 'start one with `flotilla up`, or look into its log')]
  const problems = [
    ...workers.filter(({ state }) => state === 'silent').map(silent),
    ...(heard.some(({ version }) => version === null) ? [] : missingRoles(heard)),
  ]
  if (problems.length > 0) return problems
  const [places, used] = [sum(heard, (worker) => worker.places ?? 0), sum(heard, ({ tasks }) => tasks)]
  const draining = heard.filter(({ state }) => state === 'draining').length
  const more = draining === 0 ? '' : `, ${draining} of them on the way out`
  const judging = sum(heard, ({ judgePlaces }) => judgePlaces ?? 0)
  const apart = judging > 0 && judging < places ? ` (${places - judging} for agents, ${judging} for judging)` : ''
  return [ok('Workers', `${heard.length}${more}: ${used} of ${places} places used${apart}`)]
}

const silent = ({ name, heardSecondsAgo }: FleetWorker): Check =>
  warn(
    'Workers',
    `${name} was not heard of for ${Math.round(heardSecondsAgo ?? 0)} s`,
    'look into its log; what it had in hand is recovered, and it is forgotten after five minutes',
  )

const NEEDED = [
  ['planner', 'runs are not planned'],
  ['agent:', 'tasks are not done'],
  ['verifier', 'outputs are not judged, and runs do not end'],
  ['maintenance', 'lost work is not found'],
] as const

const missingRoles = (workers: readonly FleetWorker[]): Check[] =>
  NEEDED.filter(([role]) => !workers.some(({ roles }) => roles.some((one) => one.startsWith(role)))).map(
    ([role, loss]) =>
      warn(
        'Workers',
        `none serves ${role === 'agent:' ? 'agents' : role}: ${loss}`,
        `put ${role === 'agent:' ? 'agent:*' : role} into FLOTILLA_ROLES of one`,
      ),
  )

const sum = (workers: readonly FleetWorker[], of: (worker: FleetWorker) => number): number =>
  workers.reduce((total, worker) => total + of(worker), 0)
