import type { Edit, Killer, Mutant } from './mutant.ts'

const file = 'packages/db/src/functions/budget.sql.ts'
const replacing = (find: string, replace: string): readonly Edit[] => [{ file, find, replace }]
const tests = (...names: string[]): Killer => ({
  by: 'tests',
  project: 'integration',
  files: names.map((name) => `packages/db/src/budgets/${name}.itest.ts`),
})

/** Reserving, settling and giving back with one line less. */
export const MONEY_MUTANTS: readonly Mutant[] = [
  {
    name: 'budget-not-asked',
    guards: 'a call that does not fit is refused',
    edits: replacing('where d.asked > 0 and d.spent + d.held + d.asked > d.most', 'where false'),
    killer: tests('calls'),
  },
  {
    name: 'budget-without-held',
    guards: 'what is held for calls under way counts as spent',
    edits: replacing('d.spent + d.held + d.asked > d.most', 'd.spent + d.asked > d.most'),
    killer: tests('calls'),
  },
  {
    name: 'budget-of-a-lost-claim',
    guards: 'a worker that has lost its task makes no call',
    edits: replacing('t.idx = p_idx and t.fence = p_fence and', 't.idx = p_idx and'),
    killer: tests('calls'),
  },
  {
    name: 'budget-of-a-cancelled-run',
    guards: 'no call begins after a cancel has committed',
    edits: replacing(
      "when r.status = 'cancelled' then 'cancelled'\n      when not r.live then 'ended'",
      'when false then null',
    ),
    killer: tests('calls'),
  },
  {
    name: 'budget-of-a-paused-run',
    guards: 'a paused run makes no call',
    edits: replacing("when r.status = 'paused' then 'paused'", "when false then 'paused'"),
    killer: tests('calls'),
  },
  {
    name: 'budget-settled-twice',
    guards: 'a settlement that is repeated is charged once',
    edits: replacing("if c.status = 'settled' or (used is null", 'if (used is null'),
    killer: tests('calls'),
  },
  {
    name: 'budget-settled-without-end',
    guards: 'what was used beyond the room is charged to no account',
    edits: replacing('select ${each((d) => `least(', 'select ${each((d) => `greatest('),
    killer: tests('calls'),
  },
  {
    name: 'budget-held-for-ever',
    guards: 'what a lost claim holds is given back',
    edits: replacing('select not exists (', 'select false and not exists ('),
    killer: tests('calls'),
  },
  {
    name: 'budget-taken-from-the-living',
    guards: 'what a claim at work holds is not given back under it',
    edits: replacing('select not exists (', 'select true or not exists ('),
    killer: tests('calls'),
  },
  {
    name: 'budget-accounts-unlocked',
    guards: 'two runs of a workspace do not spend the same room of its month',
    edits: replacing(
      '  perform from flotilla.budgets where id = any (all_accounts) order by id for no key update;\n',
      '',
    ),
    killer: tests('calls'),
  },
  {
    name: 'budget-limit-below-spent',
    guards: 'a limit is not set below what is spent and held',
    edits: replacing('  if stop is not null then return stop; end if;\n', ''),
    killer: tests('calls'),
  },
]
