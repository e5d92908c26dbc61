import type { Edit, Killer, Mutant } from './mutant.ts'

const inFile = (file: string, find: string, replace = ''): readonly Edit[] => [
  { file: `packages/${file}`, find, replace },
]
const tests = (...files: string[]): Killer => ({
  by: 'tests',
  project: 'integration',
  files: files.map((file) => `packages/${file}`),
})
const STEP = 'db/src/functions/step.sql.ts'

/** Pausing, cancelling, deciding and upgrading with one line less. */
export const CONTROL_MUTANTS: readonly Mutant[] = [
  {
    name: 'claim-while-paused',
    guards: 'nothing of a paused run starts',
    edits: inFile(
      STEP,
      "array_agg(r.id) filter (where r.status = 'executing')",
      "array_agg(r.id) filter (where r.status <> 'cancelled')",
    ),
    killer: tests('db/src/runs/pause.itest.ts'),
  },
  {
    name: 'claim-while-awaiting',
    guards: 'a task that waits for a person rests until there is a decision',
    edits: inFile(
      STEP,
      "t.status in ('ready', 'revising', 'to_verify') and (t.not_before",
      "t.status in ('ready', 'revising', 'to_verify', 'awaiting_approval') and (t.not_before",
    ),
    killer: tests('db/src/tasks/step-claim.itest.ts', 'db/src/approvals'),
  },
  {
    name: 'cancel-keeps-fences',
    guards: 'a cancel moves the fences, so that what its claims had used is told once',
    edits: inFile(
      'db/src/runs/cancel.ts',
      "fence = t.fence + case when live.status in ('in_progress', 'verifying') then 1 else 2 end",
      'fence = t.fence',
    ),
    killer: tests('db/src/runs/cancel.itest.ts'),
  },
  {
    name: 'types-not-named-for-their-text',
    guards: 'a step of the version before that is under way while functions are made anew takes effect',
    edits: inFile(
      'db/src/functions/make-functions.ts',
      "made: `${name}_${hash(fields.replaceAll(/\\s+/g, ' ')).slice(0, HASH_DIGITS)}`,",
      'made: name,',
    ),
    killer: tests('db/src/functions/make-functions.itest.ts'),
  },
  {
    name: 'buried-without-letter',
    guards: 'a task that is not tried again is listed as a dead letter',
    edits: inFile(STEP, "from u where verb = 'fail' and data ? 'deadLetter'", 'from u where false'),
    killer: tests('engine/src/redrive-dead-letter.itest.ts', 'engine/src/run-task.itest.ts'),
  },
  {
    name: 'dead-queue-unnoticed',
    guards: 'a process whose queue takes jobs and sends it none ends, so that another takes its place',
    edits: inFile('engine/src/queue-watch.ts', 'if (health.lateMs >= patienceMs)', 'if (false)'),
    killer: { by: 'tests', project: 'unit', files: ['packages/engine/src/queue-watch.test.ts'] },
  },
]
