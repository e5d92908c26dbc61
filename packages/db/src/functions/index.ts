import { createHash } from 'node:crypto'
import { BUDGET } from './budget.sql.ts'
import { CONTROL } from './control.sql.ts'
import { FIGURES } from './figures.sql.ts'
import { makeFunctionsSql } from './make-functions.ts'
import { PAYMENT } from './payment.sql.ts'
import { RECORD } from './record.sql.ts'
import { RETENTION } from './retention.sql.ts'
import { RUN } from './run.sql.ts'
import { SHARE } from './share.sql.ts'
import { START_LIMIT } from './start-limit.sql.ts'
import { STEP } from './step.sql.ts'
import { SUBMIT } from './submit.sql.ts'
import { WORK } from './work.sql.ts'

const GRANTS = /* sql */ `
revoke execute on all functions in schema flotilla from public;
grant execute on all functions in schema flotilla to flotilla_engine;
-- beside it another of that name may stand, of an earlier version
do $$
declare x record;
begin
  for x in select oid::regprocedure as it from pg_proc where pronamespace = 'flotilla'::regnamespace and proname in (
    'append_event', 'limit_budget', 'open_budget', 'open_month', 'limited_accounts', 'budget_stop', 'reserve_month_call', 'settle_month_call',
    'end_call', 'warn_budgets', 'is_nearly_spent', 'submit_runs', 'tables_of_runs') loop
    execute format('grant execute on function %s to flotilla_app', x.it);
  end loop;
end $$;
`

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

/** In the order in which they are made. */
export const PARTS: readonly string[] = [
  STEP,
  SHARE,
  WORK,
  RUN,
  CONTROL,
  RETENTION,
  START_LIMIT,
  BUDGET,
  PAYMENT,
  FIGURES,
  SUBMIT,
  RECORD,
]

/** Names the text that a database has. */
export const FUNCTIONS_HASH = hash([...PARTS, GRANTS, makeFunctionsSql([], '', hash)].join('\n')).slice(0, 16)

/** The record's functions: made anew whenever their text changes, since they hold no data. */
export const FUNCTIONS = [makeFunctionsSql(PARTS, FUNCTIONS_HASH, hash), GRANTS].join('\n')
