import type { Edit, Killer, Mutant } from './mutant.ts'

const inFile = (file: string, find: string, replace: string): readonly Edit[] => [
  { file: `packages/${file}`, find, replace },
]
const tests = (project: 'unit' | 'integration', ...files: string[]): Killer => ({
  by: 'tests',
  project,
  files: files.map((file) => `packages/${file}`),
})
const RECONCILE = tests('integration', 'engine/src/reconcile.itest.ts')

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
    killer: RECONCILE,
  },
  {
    name: 'no-recovery-in-a-campaign',
    guards: 'a campaign tells of runs that a lost worker has left for good',
    edits: inFile('db/src/functions/work.sql.ts', 't.due < ts and t.recoveries < max_recoveries', 'false'),
    killer: {
      by: 'campaign',
      args: '--backend embedded --workers 2 --seconds 5 --seed 1 --mix kill'.split(' '),
      violations: ['not_terminal'],
    },
  },
  {
    name: 'ready-tasks-not-woken-again',
    guards: 'a ready task whose wake-up was lost is woken again',
    edits: inFile(
      'engine/src/reconcile.ts',
      'round % READY_EVERY === 0 || (waiting === 0 && spared === 0)',
      'round < 0 && waiting === 0',
    ),
    killer: RECONCILE,
  },
  {
    name: 'runs-not-woken-again',
    guards: 'a run whose planner or finisher was not woken is woken again',
    edits: inFile(
      'db/src/functions/work.sql.ts',
      "where r.id = any (array[p.run_id]) and (r.due is null or r.due < ts + case when r.holder is null then early else '0' end)",
      'where r.id = any (array[p.run_id]) and r.due is null',
    ),
    killer: RECONCILE,
  },
  {
    name: 'step-not-repeated',
    guards: 'a step whose connection breaks is repeated',
    edits: inFile(
      'engine/src/committer.ts',
      'if (!this.#deps.isTransient(error)) return { error }',
      'return { error }',
    ),
    killer: tests('unit', 'engine/src/committer.test.ts'),
  },
  {
    name: 'broken-client-unheard',
    guards: 'a process survives the end of a backend that it uses',
    edits: inFile(
      'db/src/connect.ts',
      "  pool.on('connect', (client) => void client.on('error', settings.onError))\n",
      '',
    ),
    killer: tests('integration', 'db/src/connect.itest.ts'),
  },
  {
    name: 'lost-queue-not-asked-for',
    guards: 'what the queue has lost is woken again at once',
    edits: inFile('engine/src/reconcile.ts', 'const wiped = await deps.wiped()', 'const wiped = false as boolean'),
    killer: RECONCILE,
  },
  {
    name: 'lost-queue-waited-for',
    guards: 'after a loss of the queue no wake-up from before it is waited for',
    edits: inFile('engine/src/reconcile.ts', 'earlyMs: wiped ? REWAKE_MS : 0', 'earlyMs: 0'),
    killer: RECONCILE,
  },
  {
    name: 'trees-trusted-after-a-loss',
    guards: 'nothing is left to trees that the queue has lost',
    edits: inFile('engine/src/reconcile.ts', '  if (wiped) deps.onWiped()\n', ''),
    killer: RECONCILE,
  },
  {
    name: 'mark-not-set-anew',
    guards: 'a loss of the queue is told once, and the next one again',
    edits: inFile(
      'queue/src/producer.ts',
      '      await maintain.add(MARK, {}, { ...JOB_OPTIONS, jobId: MARK, delay: MARK_DELAY_MS })\n',
      '',
    ),
    killer: tests('integration', 'queue/src/wiped.itest.ts'),
  },
  {
    name: 'postgres-waited-for-without-end',
    guards: 'a worker whose connections to Postgres are half-open goes on',
    edits: inFile(
      'db/src/connect.ts',
      "  if (settings.role !== 'owner') endUnansweredConnections(pool, UNANSWERED_MS)\n",
      '',
    ),
    killer: tests('integration', 'db/src/connect.itest.ts'),
  },
  {
    name: 'redis-waited-for-without-end',
    guards: 'a worker whose connections to Redis are half-open goes on',
    edits: inFile('queue/src/backend.ts', '  socketTimeout: SOCKET_TIMEOUT_MS,\n', ''),
    killer: tests('integration', 'queue/src/half-open.itest.ts'),
  },
]
