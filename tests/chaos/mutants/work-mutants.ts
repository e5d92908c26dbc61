import type { Edit, Killer, Mutant } from './mutant.ts'

const file = 'packages/db/src/functions/work.sql.ts'
const replacing = (find: string, replace: string): readonly Edit[] => [{ file, find, replace }]
const tests = (...names: string[]): Killer => ({
  by: 'tests',
  project: 'integration',
  files: names.map((name) => `packages/db/src/tasks/${name}.itest.ts`),
})

/** The verbs for single tasks, the heartbeat and the sweep with one line less. */
export const WORK_MUTANTS: readonly Mutant[] = [
  {
    name: 'recovery-keeps-fence',
    guards: 'a recovery moves the fence, so that what the lost worker writes late is refused',
    edits: replacing('set fence = t.fence + 1, recoveries', 'set recoveries'),
    killer: tests('sweep'),
  },
  {
    name: 'recovery-of-live-leases',
    guards: 'a task whose lease is renewed stays with its worker',
    // What is found is looked at once more when it is taken.
    edits: [
      ...replacing('t.due < ts and t.recoveries < max_recoveries', 't.recoveries < max_recoveries'),
      ...replacing(' and t.due < ts -- a heartbeat may have been faster', ''),
    ],
    killer: tests('sweep'),
  },
  {
    name: 'recovery-of-a-lease-just-renewed',
    guards: 'a task whose lease is renewed while the sweep looks at it stays with its worker',
    edits: replacing(' and t.due < ts -- a heartbeat may have been faster', ''),
    killer: tests('step-races'),
  },
  {
    name: 'recovery-without-end',
    guards: 'a task that kills its workers is buried after its last recovery',
    edits: replacing('t.due < ts and t.recoveries < max_recoveries', 't.due < ts'),
    killer: tests('sweep'),
  },
  {
    name: 'heartbeat-renews-nothing',
    guards: 'a lease is renewed while its worker lives',
    edits: replacing('set due = clock_timestamp() + lease from', 'set due = t.due from'),
    killer: tests('transitions'),
  },
  {
    name: 'turn-without-fence',
    guards: 'a worker that has lost its task records no turn',
    edits: replacing(
      "where run_id = p_run and idx = p_idx and fence = p_fence and status = 'in_progress'\n  returning workspace_id, attempt into t;",
      'where run_id = p_run and idx = p_idx\n  returning workspace_id, attempt into t;',
    ),
    killer: tests('transitions'),
  },
  {
    name: 'tool-call-without-fence',
    guards: 'a worker that has lost its task dispatches no tool call',
    // The call is admitted by its budgets too, which look for the fence as well.
    edits: [
      ...replacing(
        "fence = p_fence and status = 'in_progress';\n  if not found then return json_build_object('status', 'fence_lost'); end if;",
        "status = 'in_progress';\n  if not found then return json_build_object('status', 'fence_lost'); end if;",
      ),
      {
        file: 'packages/db/src/functions/budget.sql.ts',
        find: 't.idx = p_idx and t.fence = p_fence and',
        replace: 't.idx = p_idx and',
      },
    ],
    killer: tests('transitions'),
  },
]
