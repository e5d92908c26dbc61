import type { Edit, Killer, Mutant } from './mutant.ts'

const replacing = (file: string, find: string, replace = ''): readonly Edit[] => [
  { file: `packages/${file}`, find, replace },
]
const simulation: Killer = {
  by: 'tests',
  project: 'unit',
  files: ['packages/engine/src/simulation/simulation.test.ts'],
}
const tests = (file: string): Killer => ({ by: 'tests', project: 'integration', files: [`packages/${file}`] })
const RUNNER = 'engine/src/task-runner.ts'
const SHARE = 'db/src/functions/share.sql.ts'

/** What waits in the record, and whose turn it is, with one line less. */
export const SHARE_MUTANTS: readonly Mutant[] = [
  {
    name: 'parked-tasks-not-refilled',
    guards: 'parked tasks of which no living worker knows are brought back to the queue',
    edits: replacing(
      'engine/src/reconcile.ts',
      '  if (ready && done.pages > 0) done.knocks = await knockOnDoors(deps)\n',
    ),
    killer: simulation,
  },
  {
    name: 'delivery-without-place-forgotten',
    guards: 'a delivery for which there is no place is parked before it is acknowledged',
    edits: replacing(RUNNER, '    this.#pauseIntake()\n    await this.#parked.park(tasks)\n'),
    killer: simulation,
  },
  {
    name: 'drawn-tasks-forgotten',
    guards: 'parked tasks that were drawn for places which are taken by now are kept for others or given back',
    edits: replacing(RUNNER, 'if (tasks.length > taken) this.#kept.keep(tasks.slice(taken), this.#scheduler.now())'),
    killer: simulation,
  },
  {
    name: 'draw-of-a-drain-forgotten',
    guards: 'what a draw under way brings to a worker that stops goes to the queue',
    edits: replacing(
      'engine/src/parked-tasks.ts',
      'if (this.#stopped) return this.#deps.wake(tasks)',
      'if (this.#stopped) return',
    ),
    killer: simulation,
  },
  {
    name: 'failed-park-forgotten',
    guards: 'what cannot be parked goes back to the queue',
    edits: replacing(
      'engine/src/parked-tasks.ts',
      '      return this.#deps.wake(tasks.map((task) => ({ ...task, delayMs: RETRY_MS })))\n',
      '      return\n',
    ),
    killer: simulation,
  },
  {
    name: 'lost-lines-not-found',
    guards: 'parked tasks that no draw would find are found by the sweep',
    edits: replacing('db/src/functions/work.sql.ts', '  if ready then perform flotilla.find_parked(page); end if;\n'),
    killer: tests('db/src/tasks/parking.itest.ts'),
  },
  {
    name: 'credit-for-the-idle',
    guards: 'a workspace that had nothing to do is owed nothing for that time',
    edits: replacing(SHARE, 'set served = greatest(s.served, clock)\n', 'set served = s.served\n'),
    killer: tests('db/src/tasks/parking.itest.ts'),
  },
  {
    name: 'shares-without-weights',
    guards: 'shares are as the weights',
    edits: replacing(SHARE, 'served = o.served + d.got / o.weight', 'served = o.served + d.got'),
    killer: tests('db/src/tasks/parking.itest.ts'),
  },
  {
    name: 'newcomer-behind-continuations',
    guards: 'a place goes to the workspace whose turn it is, and not to what its last task made ready',
    edits: replacing(RUNNER, 'mayGoOn: () => !this.#isContended(),', 'mayGoOn: () => true,'),
    killer: { by: 'tests', project: 'unit', files: ['packages/engine/src/task-runner.test.ts'] },
  },
  {
    name: 'planned-in-the-order-of-requests',
    guards: 'the runs of one workspace do not keep those of another from being planned',
    edits: replacing(
      'db/src/functions/run.sql.ts',
      'order by (p.n + r.turn - 1) / w.weight::float8, r.id',
      'order by r.id',
    ),
    killer: tests('db/src/runs/claim-planning.itest.ts'),
  },
]
