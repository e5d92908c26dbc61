import type { Edit, Killer, Mutant } from './mutant.ts'

const without = (file: string, find: string): readonly Edit[] => replacing(file, find, '')
const replacing = (file: string, find: string, replace: string): readonly Edit[] => [
  { file: `packages/engine/src/${file}.ts`, find, replace },
]
const killer: Killer = {
  by: 'tests',
  project: 'unit',
  files: ['packages/engine/src/simulation/simulation.test.ts'],
}

/** What a worker decides with one line less: found by the simulation, in seconds and without services. */
export const SIMULATION_MUTANTS: readonly Mutant[] = [
  {
    name: 'acknowledged-before-claimed',
    guards: 'a delivery is acknowledged once its claims have committed',
    edits: replacing('task-runner', 'await Promise.all(delivery.refs', 'void Promise.all(delivery.refs'),
    killer,
  },
  {
    name: 'tree-job-acknowledged-early',
    guards: 'a node of a tree is held until its task has settled, so that the tree wakes the one above in time',
    edits: replacing('task-runner', 'await work.finally(() => {', 'void work.finally(() => {'),
    killer,
  },
  {
    name: 'surplus-of-a-delivery-forgotten',
    guards: 'tasks of a delivery for which there is no place are kept or given back',
    edits: without('task-runner', '    this.#keep(wakeUpsOf(delivery, delivery.refs.slice(taken)))\n'),
    killer,
  },
  {
    name: 'place-released-twice',
    guards: 'no more tasks run than there are places',
    edits: replacing(
      'task-runner',
      '    if (task === null) this.#slots.release()\n',
      '    if (task === null) this.#slots.release(2)\n',
    ),
    killer,
  },
  {
    name: 'place-of-a-lost-claim-kept',
    guards: 'a claim that brings nothing gives its place back',
    edits: replacing(
      'task-runner',
      '    if (task === null) this.#slots.release()\n',
      '    if (task === null) void 0\n',
    ),
    killer,
  },
  {
    name: 'released-task-not-woken',
    guards: 'what a settlement hands back or opens up for others is sent to the queue',
    edits: replacing('task-runner', 'this.#deps.wake([...send, ...wait])', 'this.#deps.wake(wait)'),
    killer,
  },
  {
    name: 'refused-claim-not-tried-again',
    guards: 'a claim that a fleet-wide limit refused is tried again',
    edits: replacing('task-runner', 'this.#deps.wake([...send, ...wait])', 'this.#deps.wake(send)'),
    killer,
  },
  {
    name: 'tree-trusted-always',
    guards: 'a task is left to the tree only if the job below it has made it ready',
    edits: replacing('task-runner', ' && this.#tree.get(taskKey(s)) === wakeUp.idx', ''),
    killer,
  },
  {
    name: 'tree-trusted-after-its-lock',
    guards: 'once its lock is lost, a tree job may be acknowledged by another, and wakes nothing for this one',
    edits: replacing(
      'task-runner',
      '      this.#tree.delete(key)\n      this.#deps.held.stop',
      '      this.#deps.held.stop',
    ),
    killer: { by: 'tests', project: 'unit', files: ['packages/engine/src/task-runner.test.ts'] },
  },
  {
    name: 'kept-beside-a-free-place',
    guards: 'what is kept begins when a place comes free that no step has filled',
    edits: without('task-runner', '    this.#startKept()\n'),
    killer: { by: 'tests', project: 'unit', files: ['packages/engine/src/task-runner.test.ts'] },
  },
  {
    name: 'fetching-not-resumed',
    guards: 'fetching goes on when a place is free',
    edits: replacing('intake', '    this.#fetching.resume()\n', ''),
    killer,
  },
  {
    name: 'drain-without-wait',
    guards: 'a worker ends when what it runs has settled',
    edits: without('task-runner', '    while (this.#running.size > 0) await Promise.allSettled(this.#running)\n'),
    killer,
  },
  {
    name: 'drain-keeps-tasks',
    guards: 'a worker that ends gives back what it keeps',
    edits: without('task-runner', '    this.#kept.expire(this.#scheduler.now(), true)\n'),
    killer,
  },
  {
    name: 'claim-not-held',
    guards: 'a claim leaves the heartbeat when its task has settled, and not before',
    edits: replacing(
      'task-runner',
      'const stop = this.#deps.held.hold(task)\n',
      'const stop = this.#deps.held.hold(task)\n        this.#deps.held.release(task)\n',
    ),
    killer,
  },
  {
    name: 'held-claims-without-fence',
    guards: 'a late end of an old claim leaves the new claim of the same task alone',
    edits: replacing('held-claims', '`${claim.runId}/${claim.idx}/${claim.fence}`', '`${claim.runId}/${claim.idx}`'),
    killer,
  },
  {
    name: 'lost-lease-not-noticed',
    guards: 'a worker stops what it no longer holds',
    edits: without('held-claims', "    for (const claim of lost) this.stop(claim, 'lease_lost')\n"),
    killer,
  },
  {
    name: 'kept-task-never-given-back',
    guards: 'what no place draws goes back to the queue',
    edits: replacing('kept-tasks', 'this.expire(this.#scheduler.now())', 'void this.#scheduler'),
    killer,
  },
  {
    name: 'drawn-tasks-not-put-back',
    guards: 'a step that cannot be stored puts back what it was to claim',
    edits: without('committer', '      if (drawn.length > 0) this.#deps.putBack(drawn)\n'),
    killer,
  },
  {
    name: 'batch-fails-as-one',
    guards: 'a settlement that cannot be stored fails alone',
    edits: replacing('committer', 'if (batch.length > 1) {', 'if (batch.length > 100) {'),
    killer,
  },
  {
    name: 'transient-error-taken-for-an-answer',
    guards: 'a step is repeated while the record is away',
    edits: replacing(
      'committer',
      'if (!this.#deps.isTransient(error)) return',
      'if (this.#deps.isTransient(error)) return',
    ),
    killer,
  },
  {
    name: 'reserved-places-given-back-twice',
    guards: 'a place that a step has claimed a task for is not free',
    edits: replacing(
      'committer',
      'this.#deps.unreserve(Math.max(0, reserved - next.length))',
      'this.#deps.unreserve(reserved)',
    ),
    killer,
  },
  {
    name: 'extra-claim-not-run',
    guards: 'every task that a step has claimed is run',
    edits: without('committer', '    for (const task of next) this.#deps.onExtra(task)\n'),
    killer,
  },
  {
    name: 'one-claim-for-two-deliveries',
    guards: 'of two deliveries of one task in one batch the first alone has it',
    edits: without('committer', '      taken.delete(key)\n'),
    killer,
  },
  {
    name: 'no-ready-pass',
    guards: 'a ready task whose wake-up was lost is woken again in the end',
    edits: replacing(
      'reconcile',
      'round % READY_EVERY === 0 || (waiting === 0 && spared === 0)',
      'round < 0 && waiting === 0',
    ),
    killer,
  },
  {
    name: 'recovered-task-not-woken',
    guards: 'whoever recovers a task wakes it',
    edits: without('reconcile', '    deps.wake(page.recovered)\n'),
    killer,
  },
  {
    name: 'poison-not-buried',
    guards: 'a task that kills its workers ends, and its run with it',
    edits: without('reconcile', '  for (const task of page.poisoned) await deps.settle(burial(task))\n'),
    killer,
  },
]
