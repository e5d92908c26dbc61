import type { Edit, Killer, Mutant } from './mutant.ts'

const inFile = (file: string, find: string, replace: string): readonly Edit[] => [
  { file: `packages/${file}`, find, replace },
]
const tests = (...files: string[]): Killer => ({
  by: 'tests',
  project: 'integration',
  files: files.map((file) => `packages/${file}`),
})
/** Submitting, planning and finishing with one line less. */
export const RUN_MUTANTS: readonly Mutant[] = [
  {
    name: 'acknowledged-before-commit',
    guards: 'what is acknowledged is on record',
    edits: [
      ...inFile('engine/src/submit-run.ts', 'const result = await inWorkspace(', 'void inWorkspace('),
      ...inFile(
        'engine/src/submit-run.ts',
        '  return result\n',
        "  return accepted({ id: uid, status: 'created' as const, priority: body.priority, planVersion: 0, createdAt: '' })\n",
      ),
    ],
    killer: tests('engine/src/submit-run.itest.ts'),
  },
  {
    name: 'request-repeated-twice',
    guards: 'a request that is repeated under its key makes one run',
    edits: inFile(
      'db/src/idempotency/once.ts',
      'if (!(await insertKey(tx, key))) return repeat<T>(tx, key)',
      'await insertKey(tx, key)',
    ),
    killer: tests('engine/src/submit-run.itest.ts'),
  },
  {
    name: 'submission-repeated-twice',
    guards: 'of runs that are submitted together, too, one that is repeated under its key is written once',
    edits: inFile('db/src/functions/submit.sql.ts', 'where n = any (fresh) limit many),', 'where n > -1 limit many),'),
    killer: tests('engine/src/submit-run.itest.ts'),
  },
  {
    name: 'run-claimed-twice',
    guards: 'one planner has a run at a time',
    edits: inFile('db/src/functions/run.sql.ts', '(r.holder is null or r.due < ts) and case p_phase', 'case p_phase'),
    killer: tests('db/src/runs/claims.itest.ts'),
  },
  {
    name: 'planner-without-fence',
    guards: 'a planner that has lost its run writes nothing',
    edits: inFile(
      'db/src/functions/run.sql.ts',
      'where id = p_run and live and fence = p_fence for no key update',
      'where id = p_run and live for no key update',
    ),
    killer: tests('db/src/runs/claims.itest.ts'),
  },
  {
    name: 'finisher-without-fence',
    guards: 'a finisher that has lost its run ends nothing',
    edits: inFile(
      'db/src/functions/run.sql.ts',
      'case when r.live and r.fence = x.fence then r.status',
      'case when r.live then r.status',
    ),
    killer: tests('db/src/runs/claims.itest.ts'),
  },
  {
    name: 'finished-while-paused',
    guards: 'only a run that has nothing left to do, and is not paused, is ended by its finisher',
    edits: inFile(
      'db/src/functions/run.sql.ts',
      "r.fence = x.fence then r.status = 'verifying' end",
      'r.fence = x.fence then true end',
    ),
    killer: tests('db/src/runs/pause.itest.ts', 'db/src/runs/claims.itest.ts'),
  },
  {
    name: 'ledger-gone-through',
    guards: 'what a run reads does not grow with the record',
    edits: inFile(
      'db/src/functions/payment.sql.ts',
      'where run_id = c.run_id and key = c.key',
      'where run_id is not distinct from c.run_id and key = c.key',
    ),
    killer: tests('engine/src/reads-of-a-run.itest.ts'),
  },
  {
    name: 'expander-without-fence',
    guards: 'a planner that has lost its run makes no tasks of its plan',
    edits: inFile(
      'db/src/functions/run.sql.ts',
      'r.live and r.fence = x.fence and not r.expanded',
      'r.live and not r.expanded',
    ),
    killer: tests('db/src/runs/claims.itest.ts'),
  },
  {
    name: 'all-live-runs-walked',
    guards: 'what a session asks of runs looks them up by key, however young the record was when it began',
    edits: inFile(
      'db/src/functions/run.sql.ts',
      "case when r.live and r.fence = x.fence then r.status = 'verifying' end",
      "r.live and r.fence = x.fence and r.status = 'verifying'",
    ),
    killer: tests('db/src/young-sessions.itest.ts'),
  },
  {
    name: 'run-expanded-twice',
    guards: 'the plan of a run becomes tasks once',
    edits: inFile('db/src/functions/run.sql.ts', 'r.fence = x.fence and not r.expanded then', 'r.fence = x.fence then'),
    killer: tests('db/src/runs/claims.itest.ts'),
  },
]
