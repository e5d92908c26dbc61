import { createHash } from 'node:crypto'
import { CONTROL } from './control.sql.ts'
import { RETENTION } from './retention.sql.ts'
import { STEP } from './step.sql.ts'
import { WORK } from './work.sql.ts'

/** Clears the way for what may have another signature now. Seen by others only with the commit that makes them anew. */
const DROP = /* sql */ `
do $$
declare x record;
begin
  for x in select oid::regprocedure as it from pg_proc where pronamespace = 'flotilla'::regnamespace loop
    execute format('drop function %s', x.it);
  end loop;
  for x in select oid::regtype as it from pg_type where typnamespace = 'flotilla'::regnamespace and typtype = 'c'
    and typrelid in (select oid from pg_class where relkind = 'c') loop
    execute format('drop type %s', x.it);
  end loop;
end $$;
`

const GRANTS = /* sql */ `
revoke execute on all functions in schema flotilla from public;
grant execute on all functions in schema flotilla to flotilla_engine;
grant execute on function flotilla.append_event to flotilla_app;
`

/** The record's functions: made anew whenever their text changes, since they hold no data. */
export const FUNCTIONS = [DROP, STEP, WORK, CONTROL, RETENTION, GRANTS].join('\n')

/** Names the text that a database has. */
export const FUNCTIONS_HASH = createHash('sha256').update(FUNCTIONS).digest('hex').slice(0, 16)
