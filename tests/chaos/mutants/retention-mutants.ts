import type { Edit, Killer, Mutant } from './mutant.ts'

const replacing = (file: string, find: string, replace: string): readonly Edit[] => [
  { file: `packages/db/src/${file}`, find, replace },
]
const tests = (...files: string[]): Killer => ({ by: 'tests', project: 'integration', files })

/** Cleaning up, and the limit of waiting for a claim, with one line less. */
export const RETENTION_MUTANTS: readonly Mutant[] = [
  {
    name: 'retention-half-visible',
    guards: 'no request sees a run that is half gone',
    edits: replacing('migrations/0002/index.ts', "::bigint and retention is distinct from 'removing');", '::bigint);'),
    killer: tests('packages/db/src/retention/clean.itest.ts'),
  },
  {
    name: 'retention-in-one-piece',
    guards: 'a large run goes in pieces',
    edits: replacing(
      'functions/retention.sql.ts',
      '  if done = 0 then delete from flotilla.runs',
      '  if true then delete from flotilla.runs',
    ),
    killer: tests('packages/db/src/retention/clean.itest.ts'),
  },
  {
    name: 'retention-of-the-young',
    guards: 'what is not old yet stays',
    edits: replacing('functions/retention.sql.ts', ' and finished_at < ts - runs_age', ' and runs_age is not null'),
    killer: tests('packages/db/src/retention/clean.itest.ts'),
  },
  {
    name: 'start-limit-counts-pauses',
    guards: 'a task does not fail for the time in which its run was paused',
    edits: replacing('functions/start-limit.sql.ts', ' - flotilla.paused_since(t.run_id, w.since))', ')'),
    killer: tests('packages/db/src/tasks/fail-unstarted.itest.ts'),
  },
  {
    name: 'start-limit-of-the-claimed',
    guards: 'a task that a worker holds has no limit of waiting',
    edits: replacing(
      'functions/start-limit.sql.ts',
      "      join flotilla.tasks t on t.run_id = any (array[p.run_id]) and t.start_within is not null and t.status in ('ready', 'revising')",
      '      join flotilla.tasks t on t.run_id = any (array[p.run_id]) and t.start_within is not null',
    ),
    killer: tests('packages/db/src/tasks/fail-unstarted.itest.ts'),
  },
]
