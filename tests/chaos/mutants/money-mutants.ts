import type { Edit, Killer, Mutant } from './mutant.ts'

const BUDGET = 'packages/db/src/functions/budget.sql.ts'
const PAYMENT = 'packages/db/src/functions/payment.sql.ts'
const ENGINE = 'packages/engine/src'
const LLM = 'packages/llm/src'
const inFile = (file: string, find: string, replace: string): readonly Edit[] => [{ file, find, replace }]
const replacing = (find: string, replace: string): readonly Edit[] => inFile(BUDGET, find, replace)
const tests = (...names: string[]): Killer => ({
  by: 'tests',
  project: 'integration',
  files: names.map((name) => `packages/db/src/budgets/${name}.itest.ts`),
})
const unit = (name: string): Killer => ({ by: 'tests', project: 'unit', files: [name] })
const engine = (name: string): Killer => ({
  by: 'tests',
  project: 'integration',
  files: [`${ENGINE}/money/${name}.itest.ts`],
})

/** What stands before the comparison of a reservation. */
const FITS = 'a join flotilla.budgets b on b.id = any (array[a.id])\n        where ('

/** The comparison at one level less. */
const withoutLevel = (level: string): Mutant => ({
  name: `budget-of-the-${level}-not-asked`,
  guards: `a call that does not fit its ${level} is refused`,
  edits: replacing(FITS, FITS.replace('where (', `where b.level <> '${level}' and (`)),
  killer: tests('calls'),
})

/** Reserving, settling and giving back with one line less. */
export const MONEY_MUTANTS: readonly Mutant[] = [
  {
    name: 'budget-not-asked',
    guards: 'a call that does not fit is refused',
    edits: replacing(FITS, FITS.replace('where (', 'where false and (')),
    killer: tests('calls'),
  },
  withoutLevel('task'),
  withoutLevel('run'),
  withoutLevel('workspace'),
  {
    name: 'budget-without-held',
    guards: 'what is held for calls under way counts as spent',
    edits: replacing('_settled + b.${d.column}_reserved + a.', '_settled + a.'),
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
      "  if r.status = 'cancelled' then return 'cancelled'; end if;\n  if r.live is not true then return 'ended'; end if;\n",
      '',
    ),
    killer: tests('calls'),
  },
  {
    name: 'budget-of-a-paused-run',
    guards: 'a paused run makes no call',
    edits: replacing("when p_kind <> 'tool' then 'paused'", "when false then 'paused'"),
    killer: tests('calls'),
  },
  {
    name: 'budget-settled-twice',
    guards: 'a settlement that is repeated is charged once',
    edits: inFile(PAYMENT, "where l.status = 'reserved' and k.used is not null", 'where k.used is not null'),
    killer: tests('calls'),
  },
  {
    name: 'budget-settled-twice-alone',
    guards: 'a settlement that is repeated is charged once, beside others too',
    edits: inFile(PAYMENT, "if c.status = 'settled' or (used is null", 'if (used is null'),
    killer: tests('calls'),
  },
  {
    name: 'budget-whatever-the-claim',
    guards: 'no call is held for a claim that is lost, cancelled or paused',
    edits: replacing(' and bool_and(refusal is null)', ''),
    killer: tests('calls'),
  },
  {
    name: 'budget-over-not-charged',
    guards: 'what a call used beyond what was held is charged too',
    edits: inFile(
      PAYMENT,
      "${of('k.used', d)} as ${d.column}, greatest",
      "least(${of('k.used', d)}, l.${d.column}_reserved) as ${d.column}, greatest",
    ),
    killer: tests('calls'),
  },
  {
    name: 'budget-held-for-ever',
    guards: 'what a lost claim holds is given back',
    edits: inFile(PAYMENT, '`not exists (', '`false and not exists ('),
    killer: tests('calls'),
  },
  {
    name: 'budget-taken-from-the-living',
    guards: 'what a claim at work holds is not given back under it',
    edits: inFile(PAYMENT, '`not exists (', '`true or not exists ('),
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
    name: 'budget-not-lowered',
    guards: 'a limit is lowered at any moment, also below what is spent and held',
    edits: replacing(' - ${to(d)}), 0)`)}', ' - ${to(d)}), 0) * 0`)}'),
    killer: tests('calls'),
  },
  {
    name: 'budget-held-after-its-end',
    guards: 'what was held for a call is given back when it has ended',
    edits: inFile(PAYMENT, '_reserved - c.${d.column}_reserved, ${d.column}_settled', '_reserved, ${d.column}_settled'),
    killer: tests('calls'),
  },
  {
    name: 'budget-held-after-its-release',
    guards: 'what was held for a call that was not made is given back',
    edits: inFile(PAYMENT, "  if c.status = 'reserved' then\n    update", '  if false then\n    update'),
    killer: tests('calls'),
  },
  {
    name: 'budget-not-charged',
    guards: 'what a call used is charged to the accounts that it was held on',
    edits: inFile(PAYMENT, '_settled + c.', '_settled + 0 * c.'),
    killer: tests('calls'),
  },
  {
    name: 'budget-late-usage-not-charged',
    guards: 'what a call used that was given up as lost is charged too',
    edits: inFile(PAYMENT, '_settled + paid.', '_settled + 0 * paid.'),
    killer: tests('calls'),
  },
  {
    name: 'budget-turn-not-paid',
    guards: 'a turn comes on record with the payment of its call, also after its claim was lost',
    edits: inFile(
      'packages/db/src/functions/work.sql.ts',
      "  perform flotilla.settle_with(p_run, data -> 'calls'); -- also",
      '  -- also',
    ),
    killer: tests('payments'),
  },
  {
    name: 'budget-settlement-not-paid',
    guards: 'a settlement pays the calls of its claim, also after that was lost',
    edits: inFile(
      'packages/db/src/functions/step.sql.ts',
      "jsonb_array_elements(s.data -> 'calls') c having count(*) > 0",
      "jsonb_array_elements(s.data -> 'calls') c having count(*) < 0",
    ),
    killer: tests('payments'),
  },
  {
    name: 'budget-admission-unheard',
    guards: 'no model call is made that the record has not admitted',
    edits: inFile(
      `${ENGINE}/money/model-caller.ts`,
      'if (refusal !== null) return { ok: false, failure: refusalFailure(refusal, 0) }',
      '',
    ),
    killer: unit(`${ENGINE}/money/model-caller.test.ts`),
  },
  {
    name: 'call-after-abort',
    guards:
      'no model call begins that was called off while the record was asked, and what was held for it is given back',
    edits: inFile(`${ENGINE}/money/model-caller.ts`, "signal.aborted ? 'the call was called off' : ", ''),
    killer: unit(`${ENGINE}/money/model-caller.test.ts`),
  },
  {
    name: 'call-after-yield',
    guards: 'no model call begins of an attempt that is to yield, and what was held for it is given back',
    edits: inFile(
      `${ENGINE}/money/model-caller.ts`,
      "'the call was called off' : input.stopped()",
      "'the call was called off' : null",
    ),
    killer: unit(`${ENGINE}/money/model-caller.test.ts`),
  },
  {
    name: 'budget-lost-calls-kept',
    guards: 'a worker that does maintenance gives back what lost claims hold',
    edits: inFile(`${ENGINE}/maintenance.ts`, "      loop('lost calls', LOST_CALLS_EVERY * sweepMs, releasing),\n", ''),
    killer: engine('lost-calls'),
  },
  {
    name: 'lane-opened-early',
    guards: 'a shorter pause never shortens a longer one',
    edits: inFile(
      `${LLM}/gate/decide-gate.ts`,
      'closedUntil: longer ? until : state.closedUntil',
      'closedUntil: until',
    ),
    killer: unit(`${LLM}/gate/decide-gate.test.ts`),
  },
  {
    name: 'lane-waits-by-another-clock',
    guards: 'a wait for a lane is as long as the record says, however wrong the clock of a worker is',
    edits: inFile(`${ENGINE}/money/record-gate.ts`, 'until: outcome.until + ahead', 'until: outcome.until'),
    killer: engine('record-gate'),
  },
  {
    name: 'lane-open-while-closed',
    guards: 'nothing passes while a lane is closed',
    edits: inFile(`${LLM}/gate/decide-gate.ts`, 'at: Math.max(now, state.closedUntil), why', 'at: now, why'),
    killer: unit(`${LLM}/gate/decide-gate.test.ts`),
  },
  {
    name: 'lane-refusal-unheard',
    guards: 'a call that the gate does not let pass is not made',
    edits: inFile(
      `${LLM}/resilient/gate-permit.ts`,
      "if (asked.is === 'wait') return { is: 'wait', until: asked.until, why: asked.detail }",
      "if (asked.is === 'wait') return { is: 'granted', settle: async () => {} }",
    ),
    killer: unit(`${LLM}/resilient/fleet.test.ts`),
  },
  {
    name: 'lane-wait-in-a-slot',
    guards: 'a task whose lane is closed leaves its slot, and is not claimed again before the lane opens',
    edits: inFile(`${ENGINE}/task-settlement.ts`, 'Math.max(SHORTEST_WAIT_MS, until - now)', '0'),
    killer: engine('lanes'),
  },
  {
    name: 'lane-wait-burns-a-try',
    guards: 'a wait for a lane or for room is no try',
    edits: inFile(
      `${ENGINE}/after-refusal.ts`,
      'return handBackToWait(task, data, refusal, record.wait?.times ?? 0, deps.now().getTime())',
      "return settlement(task, 'retry', data)",
    ),
    killer: engine('lanes'),
  },
]
