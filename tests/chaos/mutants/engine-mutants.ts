import type { Edit, Killer, Mutant } from './mutant.ts'

const inFile = (file: string, find: string, replace: string): readonly Edit[] => [
  { file: `packages/${file}`, find, replace },
]
const campaign = (args: string, ...violations: Extract<Killer, { by: 'campaign' }>['violations']): Killer => ({
  by: 'campaign',
  args: args.split(' '),
  violations,
})
const FLUSH = '--seconds 10 --seed 1 --mix flush --tree-max 0'
const TERMINATE = '--seconds 15 --seed 1 --mix terminate --rate 5'

/** The worker and its connections with one line less. */
export const ENGINE_MUTANTS: readonly Mutant[] = [
  {
    name: 'no-reconciler',
    guards: 'what a lost wake-up or a lost worker has left is taken up again',
    edits: inFile(
      'engine/src/reconcile.ts',
      'for (let after = 0; done.woken < MAX_WAKE;) {',
      'for (let after = 0; done.woken < -1;) {',
    ),
    killer: campaign(FLUSH, 'not_terminal'),
  },
  {
    name: 'ready-tasks-not-woken-again',
    guards: 'a ready task whose wake-up was lost is woken again',
    edits: inFile(
      'engine/src/reconcile.ts',
      'round % READY_EVERY === 0 || waiting === 0',
      'round < 0 && waiting === 0',
    ),
    killer: campaign(FLUSH, 'not_terminal'),
  },
  {
    name: 'runs-not-woken-again',
    guards: 'a run whose planner or finisher was not woken is woken again',
    edits: inFile(
      'db/src/functions/work.sql.ts',
      'where r.id = p.run_id and (r.due is null or r.due < ts)',
      'where r.id = p.run_id and r.due is null',
    ),
    killer: campaign(FLUSH, 'not_terminal'),
  },
  {
    name: 'step-not-repeated',
    guards: 'a step whose connection breaks is repeated',
    edits: inFile(
      'engine/src/committer.ts',
      'if (!this.#deps.isTransient(error)) return { error }',
      'return { error }',
    ),
    killer: campaign(TERMINATE, 'wrong_outcome'),
  },
  {
    name: 'broken-client-unheard',
    guards: 'a process survives the end of a backend that it uses',
    edits: inFile(
      'db/src/connect.ts',
      "  pool.on('connect', (client) => void client.on('error', settings.onError))\n",
      '',
    ),
    killer: campaign(TERMINATE, 'worker_crashed'),
  },
  {
    name: 'postgres-waited-for-without-end',
    guards: 'a worker whose connections to Postgres are half-open goes on',
    edits: inFile(
      'db/src/connect.ts',
      "  if (settings.role !== 'owner') endUnansweredConnections(pool, UNANSWERED_MS)\n",
      '',
    ),
    killer: campaign(
      '--backend embedded --workers 1 --seconds 10 --seed 1 --mix halfopen',
      'not_terminal',
      'drain_overrun',
    ),
  },
  {
    name: 'redis-waited-for-without-end',
    guards: 'a worker whose connections to Redis are half-open goes on',
    edits: inFile('queue/src/backend.ts', '  socketTimeout: SOCKET_TIMEOUT_MS,\n', ''),
    killer: campaign('--workers 1 --seconds 10 --seed 3 --mix halfopen', 'not_terminal', 'drain_overrun'),
  },
]
