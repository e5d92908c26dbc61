import { BY_KEY } from './settings.ts'

/** Runs as they are submitted: many in one commit. */
export const SUBMIT = /* sql */ `
-- Writes runs of one workspace, each with its plan, its first event and its idempotency key; answers an array of an object each:
-- "n" as it was given, and either "id" and "createdAt" of the run that was written, or "bodyHash" and "response" that stand under
-- its key already. As a request's role: row-level security holds for all of it. Repeated it writes nothing twice: a run that is
-- there is answered as if it had just been written. Keys are taken in order, so that two calls never wait for each other. Only
-- what was there already is looked up, and as in a step by key (ADR 14): a session may have planned this while there were no runs.
create function flotilla.submit_runs(p_workspace bigint, p_runs jsonb) returns json
language plpgsql volatile
${BY_KEY}
as $$
declare
  many int := 1000000;
  ts timestamptz := clock_timestamp();
  fresh int[];
  written json;
begin
  perform set_config('app.workspace_id', p_workspace::text, true);
  with x as (
    select * from jsonb_to_recordset(p_runs) x(n int, uid text, priority smallint, version int, operation text, key text, "bodyHash" text) limit many),
  k as (
    insert into flotilla.idempotency_keys (workspace_id, operation, key, body_hash, response)
    select p_workspace, operation, key, "bodyHash", jsonb_build_object('id', uid, 'status', 'created', 'priority', priority,
      'planVersion', version, 'createdAt', to_char(ts at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    from x where key is not null order by operation, key, n
    on conflict do nothing returning operation, key)
  select array_agg(n) into fresh from (
    select n from x where key is null
    union all select min(x.n) from x join k using (operation, key) group by operation, key) f;

  with x as (
    select * from jsonb_to_recordset(p_runs) x(n int, uid text, start boolean, priority smallint, version int, goal text, inputs jsonb, mode text,
      labels jsonb, budget jsonb, tasks jsonb, result text, told jsonb)
    where n = any (fresh) limit many),
  r as (
    insert into flotilla.runs (workspace_id, uid, status, auto_start, priority, plan_version, seq, due, created_at)
    select p_workspace, uid, 'created', start, priority, version, 1, ts + interval '3 s', ts from x order by n
    on conflict (uid) do nothing returning id, uid),
  s as (
    insert into flotilla.run_specs (run_id, workspace_id, goal, inputs, mode, labels, budget)
    select r.id, p_workspace, x.goal, x.inputs, x.mode, x.labels, x.budget from r join x using (uid)),
  p as (
    insert into flotilla.plans (run_id, version, workspace_id, made_by, tasks, result)
    select r.id, x.version, p_workspace, 'user', x.tasks, x.result from r join x using (uid) where x.version > 0),
  e as (
    insert into flotilla.events (run_id, seq, workspace_id, type, at, data)
    select r.id, 1, p_workspace, 'run.created', ts, x.told from r join x using (uid))
  select json_agg(json_build_object('n', x.n, 'id', r.id, 'createdAt', ts)) into written from r join x using (uid);
  if json_array_length(written) = jsonb_array_length(p_runs) then return written; end if;

  return (
    select json_agg(case when x.n = any (fresh) then json_build_object('n', x.n, 'id', r.id, 'createdAt', r.created_at)
      else json_build_object('n', x.n, 'bodyHash', k.body_hash, 'response', k.response) end)
    from (select * from jsonb_to_recordset(p_runs) x(n int, uid text, operation text, key text) limit many) x
      left join flotilla.runs r on r.uid = any (array[x.uid]) and x.n = any (fresh)
      left join flotilla.idempotency_keys k on k.workspace_id = p_workspace and k.operation = x.operation and k.key = any (array[x.key]));
end $$;
`
