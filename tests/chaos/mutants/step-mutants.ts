import type { Edit, Killer, Mutant } from './mutant.ts'

const file = 'packages/db/src/functions/step.sql.ts'
const without = (find: string): readonly Edit[] => [{ file, find, replace: '' }]
const replacing = (find: string, replace: string): readonly Edit[] => [{ file, find, replace }]
const tests = (...names: string[]): Killer => ({
  by: 'tests',
  project: 'integration',
  files: names.map((name) => `packages/db/src/tasks/${name}.itest.ts`),
})

/** The group commit with one line less. */
export const STEP_MUTANTS: readonly Mutant[] = [
  {
    name: 'step-without-run-lock',
    guards: 'of two last dependencies that finish at once one releases the dependent; numbers of events have no gap',
    edits: without(' order by id for no key update'),
    killer: tests('step-races'),
  },
  {
    name: 'settle-without-fence',
    guards: 'a worker that has lost its task writes nothing',
    edits: without(' and t.fence = s.fence'),
    killer: tests('step-settle'),
  },
  {
    name: 'settle-in-any-status',
    guards: 'a settlement that is repeated takes effect once',
    edits: without("\n        and t.status = case when s.judged then 'verifying' else 'in_progress' end"),
    killer: tests('step-settle'),
  },
  {
    name: 'ready-before-dependencies',
    guards: 'no task starts before all it depends on have completed',
    edits: without(" and not ${waits('t')}"),
    killer: tests('step-claim'),
  },
  {
    name: 'claim-in-any-status',
    guards: 'a wake-up for a task that is running or has ended finds nothing to do',
    edits: without("t.status in ('ready', 'revising', 'to_verify') and "),
    killer: tests('step-claim'),
  },
  {
    name: 'claim-before-its-time',
    guards: 'a retry waits for its delay',
    edits: without(' and (t.not_before is null or t.not_before <= ts)'),
    killer: tests('step-claim'),
  },
  {
    name: 'claim-keeps-fence',
    guards: 'every claim has a fence of its own',
    edits: replacing('fence = t.fence + x.take::int,', 'fence = t.fence,'),
    killer: tests('step-claim'),
  },
  {
    name: 'failure-skips-nothing',
    guards: 'what waits for a failed task is skipped, so that its run ends',
    edits: replacing("if settled is not null and 'fail' = any (s_verb) then", 'if false then'),
    killer: tests('step-settle'),
  },
  {
    name: 'last-task-leaves-run-open',
    guards: 'the settlement of the last task lets the run be finished',
    edits: replacing("then 'verifying' else r.status end,", 'then r.status else r.status end,'),
    killer: tests('step-settle'),
  },
  {
    name: 'limit-without-gate',
    guards: 'no more tasks of a role run than its limit allows',
    edits: replacing(
      'row_number() over (partition by open.role, able, pooled order by source, turn, run_id) <= room.room',
      'true',
    ),
    killer: tests('pools'),
  },
]
