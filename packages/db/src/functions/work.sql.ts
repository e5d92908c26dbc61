import { waits } from './dependencies.ts'
import { BY_KEY_ALONE } from './settings.ts'

/** Single-task verbs beside the step, the heartbeat and the sweep. */
export const WORK = /* sql */ `
-- A turn, before its tool calls begin. Null: the fence is lost.
create function flotilla.record_turn(p_run bigint, p_idx int, p_fence int, data jsonb) returns boolean
language plpgsql volatile as $$
declare
  ts timestamptz; t record; u jsonb := data -> 'usage';
begin
  perform from flotilla.runs where id = p_run for no key update;
  perform flotilla.settle_with(p_run, data -> 'calls'); -- also without the fence: what was spent was spent
  ts := clock_timestamp();
  update flotilla.tasks set
    tokens = tokens + (u ->> 'inputTokens')::bigint + (u ->> 'outputTokens')::bigint, cost_usd = cost_usd + (u ->> 'costUsd')::numeric
  where run_id = p_run and idx = p_idx and fence = p_fence and status = 'in_progress'
  returning workspace_id, attempt into t;
  if not found then return false; end if;
  insert into flotilla.turns (run_id, idx, attempt, turn, workspace_id, model, request, reply, stop_reason, usage, context, started_at, finished_at)
  values (p_run, p_idx, t.attempt, (data ->> 'turn')::int, t.workspace_id, data ->> 'model', data -> 'request', data -> 'reply',
    data ->> 'stopReason', u, data -> 'context', (data ->> 'startedAt')::timestamptz, ts);
  perform flotilla.append_event(p_run, t.workspace_id, p_idx, 'task.turn', data -> 'event' || jsonb_build_object('attempt', t.attempt), ts);
  perform flotilla.add_run_usage(p_run, u);
  return true;
end $$;

-- Whole-run usage counters grow; the caller holds the run's lock.
create function flotilla.add_run_usage(p_run bigint, u jsonb) returns void language plpgsql volatile as $$
begin
  update flotilla.runs set
    input_tokens = input_tokens + (u ->> 'inputTokens')::bigint, cached_input_tokens = cached_input_tokens + (u ->> 'cachedInputTokens')::bigint,
    cache_write_tokens = cache_write_tokens + (u ->> 'cacheWriteTokens')::bigint, output_tokens = output_tokens + (u ->> 'outputTokens')::bigint,
    reasoning_tokens = reasoning_tokens + (u ->> 'reasoningTokens')::bigint, model_calls = model_calls + (u ->> 'modelCalls')::int,
    cost_usd = cost_usd + (u ->> 'costUsd')::numeric
  where id = p_run;
end $$;

-- One event with the run's next number; the caller holds the run's lock or takes it here.
create function flotilla.append_event(p_run bigint, p_workspace bigint, p_idx int, p_type text, p_data jsonb, ts timestamptz) returns int
language plpgsql volatile as $$
declare n int;
begin
  update flotilla.runs set seq = seq + 1 where id = p_run returning seq into n;
  insert into flotilla.events (run_id, seq, workspace_id, idx, type, at, data) values (p_run, n, p_workspace, p_idx, p_type, ts, p_data);
  return n;
end $$;

-- A tool call, before its dispatch: admitted by the budgets, and in the ledger. The count is charged here: a call that may have
-- happened is a call. A pause does not stop it: a turn's calls belong to the turn. Answers an object: status (begun, fence_lost,
-- or as reserve_calls), and with "budget" what stopped it.
create function flotilla.begin_tool_call(p_run bigint, p_idx int, p_fence int, data jsonb) returns json
language plpgsql volatile as $$
declare t record; answer json;
begin
  perform from flotilla.runs where id = p_run for no key update;
  select workspace_id into t from flotilla.tasks where run_id = p_run and idx = p_idx and fence = p_fence and status = 'in_progress';
  if not found then return json_build_object('status', 'fence_lost'); end if;
  answer := flotilla.reserve_calls(array[p_run], array[p_idx], array[p_fence], array[data ->> 'key'], array[data -> 'ask']) -> 0;
  if answer ->> 'status' not in ('admitted', 'paused', 'settled') then return answer; end if;
  update flotilla.tasks set tool_calls = tool_calls + 1 where run_id = p_run and idx = p_idx;
  insert into flotilla.tool_calls (run_id, idx, attempt, turn, n, workspace_id, call_id, effect_id, tool, arguments, status)
  values (p_run, p_idx, (data ->> 'attempt')::int, (data ->> 'turn')::int, (data ->> 'n')::int, t.workspace_id, data ->> 'callId',
    data ->> 'effectId', data ->> 'tool', data -> 'arguments', 'started')
  on conflict (run_id, idx, attempt, turn, n) do update set may_repeat = false, started_at = clock_timestamp(); -- lost once more, it is of unknown outcome once more
  update flotilla.runs set tool_calls = tool_calls + 1 where id = p_run;
  return json_build_object('status', 'begun');
end $$;

create function flotilla.finish_tool_call(p_run bigint, p_idx int, p_fence int, data jsonb) returns boolean
language plpgsql volatile as $$
declare t record; ts timestamptz;
begin
  perform from flotilla.runs where id = p_run for no key update;
  perform flotilla.settle_with(p_run, data -> 'calls');
  ts := clock_timestamp();
  select workspace_id into t from flotilla.tasks where run_id = p_run and idx = p_idx and fence = p_fence and status = 'in_progress';
  if not found then return false; end if;
  update flotilla.tool_calls set status = data ->> 'status', result = data ->> 'result', finished_at = ts
  where run_id = p_run and idx = p_idx and attempt = (data ->> 'attempt')::int and turn = (data ->> 'turn')::int and n = (data ->> 'n')::int;
  perform flotilla.append_event(p_run, t.workspace_id, p_idx, 'task.tool_called', data -> 'event', ts);
  return true;
end $$;

-- Renews leases by fence. Rows that a step holds at this moment are skipped, so it neither waits nor deadlocks. Answers the
-- claims that are no longer ours: their fence or status moved on.
create function flotilla.heartbeat(b_run bigint[], b_idx int[], b_fence int[], lease interval) returns json
language plpgsql volatile
${BY_KEY_ALONE}
as $$
declare
  many int := 1000000;
begin
  with l as (
    select b.run_id, b.idx from (select * from unnest(b_run, b_idx, b_fence) as b(run_id, idx, fence) limit many) b
      join flotilla.tasks t on t.run_id = any (array[b.run_id]) and t.idx = b.idx and t.fence = b.fence
    where t.status in ('in_progress', 'verifying') order by 1, 2 for no key update of t skip locked)
  update flotilla.tasks t set due = clock_timestamp() + lease from (select * from l limit many) l where t.run_id = any (array[l.run_id]) and t.idx = l.idx;
  return (
    select json_agg(json_build_array(b.run_id, b.idx, b.fence))
    from (select * from unnest(b_run, b_idx, b_fence) as b(run_id, idx, fence) limit many) b
      left join flotilla.tasks t on t.run_id = any (array[b.run_id]) and t.idx = b.idx and t.fence = b.fence and t.status in ('in_progress', 'verifying')
    where t.run_id is null);
end $$;

-- Whether a task stands in a tool call that began since "since".
create function flotilla.in_tool_call(p_run bigint, p_idx int, since timestamptz) returns boolean
language sql stable as $$
  select exists (select from flotilla.tool_calls where run_id = p_run and idx = p_idx and status = 'started' and started_at >= since)
$$;

-- One bounded page of live runs. Runs that a step holds are skipped: they are being taken care of. "ready": also what is
-- claimable and overdue (a backlog is not a loss, so the caller asks for it only when the queue is empty, or now and then).
-- "deep": also what no step can have left: pending with nothing to wait for.
-- "early": wake also what would be overdue only that much later, since its wake-up is known to be lost.
create function flotilla.sweep(after_run bigint, n int, ready boolean, deep boolean, max_recoveries int, early interval default '0') returns json
language plpgsql volatile
${BY_KEY_ALONE}
as $$
declare
  many int := 1000000;
  rewake interval := '3 s';
  ts timestamptz; page bigint[]; last bigint;
  losers text[]; blamed text[]; lost flotilla.log_entry[]; woken json; poisoned json; plans json; finishes json; recovered json;
begin
  select array_agg(id), max(id) into page, last from (
    select id from flotilla.runs where live and id > after_run order by id limit n for no key update skip locked) r;
  if page is null then return json_build_object('last', null); end if;
  ts := clock_timestamp();

  -- recover: the lease of a running attempt or judge ran out. The fence moves, so that its late writes are refused. The first
  -- time at once, then after 1, 2, 4 … s: recoveryDelayMs of the domain. A tool runs in its worker's process: where a worker is
  -- lost in tool calls, what only stood beside them is recovered without being charged, and never buried.
  select array_agg(distinct t.worker) into losers from (select * from unnest(page) as p(run_id) limit many) p join flotilla.tasks t on t.run_id = any (array[p.run_id])
  where t.status in ('in_progress', 'verifying') and t.due < ts;
  if losers is not null then
    select array_agg(distinct t.worker) into blamed from (select * from unnest(page) as p(run_id) limit many) p join flotilla.tasks t on t.run_id = any (array[p.run_id])
    where t.status = 'in_progress' and t.worker = any (losers) and flotilla.in_tool_call(t.run_id, t.idx, t.started_at);

    with due as (
      select t.run_id, t.idx, t.status, t.worker, t.attempt, t.kind, t.started_at,
        t.worker = any (blamed) and not flotilla.in_tool_call(t.run_id, t.idx, t.started_at) as spared,
        case when t.recoveries = 0 then 0 else least(60000, 1000 * 2 ^ least(t.recoveries - 1, 6)) end::int as rest, r.status = 'paused' as paused
      from (select * from unnest(page) as p(run_id) limit many) p join flotilla.runs r on r.id = any (array[p.run_id]) join flotilla.tasks t on t.run_id = any (array[p.run_id])
      where t.status in ('in_progress', 'verifying') and (t.due < ts and t.recoveries < max_recoveries
        or t.due < ts and t.worker = any (blamed) and not flotilla.in_tool_call(t.run_id, t.idx, t.started_at))),
    u as (
      update flotilla.tasks t set fence = t.fence + 1, recoveries = t.recoveries + (d.spared is not true)::int, worker = null, due = ts + rewake + d.rest * interval '1 ms',
        not_before = case when d.rest > 0 then ts + d.rest * interval '1 ms' end,
        status = case when t.status = 'verifying' then 'to_verify' else 'ready' end,
        kind = case when t.status = 'verifying' then t.kind else 'recovery' end
      from (select * from due limit many) d where t.run_id = any (array[d.run_id]) and t.idx = d.idx and t.due < ts -- a heartbeat may have been faster
      returning t.run_id, t.idx, t.workspace_id, t.role, t.priority, d.status as was, d.worker, d.attempt, d.kind as ran, d.started_at, d.rest, d.paused),
    a as (
      insert into flotilla.attempts (run_id, idx, number, workspace_id, kind, status, worker, started_at, finished_at, usage, error)
      select run_id, idx, attempt, workspace_id, ran, 'lost', coalesce(worker, '?'), started_at, ts, '{}',
        jsonb_build_object('code', 'worker_lost', 'message', 'the lease of worker ' || coalesce(worker, '?') || ' ran out')
      from u where was = 'in_progress' on conflict do nothing),
    h as materialized ( -- in the order in which a step holds them
      select role from flotilla.pools where role in (select role from u where was = 'in_progress') order by role for update),
    p as (
      update flotilla.pools set running = greatest(0, running - x.n)
      from h join (select role, count(*)::int as n from u where was = 'in_progress' group by role) x using (role)
      where pools.role = h.role)
    select array_agg(row(run_id, workspace_id, 0, idx, 'task.recovered',
        jsonb_build_object('attempt', attempt, 'worker', worker, 'reason', 'lease_expired', 'delayMs', rest))::flotilla.log_entry) filter (where was = 'in_progress'),
      json_agg(json_build_array(run_id, idx, role, rest, was = 'verifying', priority)) filter (where not paused) -- a resume wakes them
    into lost, recovered from u;
    if lost is not null then perform flotilla.log_step(lost, null, null, ts); end if;

    select json_agg(json_build_array(t.run_id, t.idx, t.fence, t.status = 'verifying', t.worker)) into poisoned
    from (select * from unnest(page) as p(run_id) limit many) p join flotilla.tasks t on t.run_id = any (array[p.run_id])
    where t.status in ('in_progress', 'verifying') and t.due < ts and t.recoveries >= max_recoveries
      and (t.worker = any (blamed) and not flotilla.in_tool_call(t.run_id, t.idx, t.started_at)) is not true;
  end if;

  if ready then perform flotilla.find_parked(page); end if;

  -- wake again: claimable and overdue
  if ready or deep then
  with due as (
    select t.run_id, t.idx from (select * from unnest(page) as p(run_id) limit many) p
      join flotilla.runs r on r.id = any (array[p.run_id]) and case r.status when 'executing' then true end
      join flotilla.tasks t on t.run_id = any (array[p.run_id])
    where (ready and t.status in ('ready', 'revising', 'to_verify') and t.due < ts + early)
      or (deep and t.status = 'pending' and not ${waits('t')})),
  u as (
    update flotilla.tasks t set due = ts + rewake, status = case when t.status = 'pending' then 'ready' else t.status end
    from (select * from due limit many) d where t.run_id = any (array[d.run_id]) and t.idx = d.idx
    returning t.run_id, t.idx, t.role, t.priority, t.status)
  select json_agg(json_build_array(run_id, idx, role, 0, status = 'to_verify', priority)) into woken from u;
  end if;

  -- planning and finishing: nobody holds it and it is due, or its holder's lease ran out
  with u as (
    update flotilla.runs r set due = ts + rewake, holder = null, fence = r.fence + (r.holder is not null)::int
    from (select * from unnest(page) as p(run_id) limit many) p
    where r.id = any (array[p.run_id]) and (r.due is null or r.due < ts + case when r.holder is null then early else '0' end)
      and case when r.status in ('created', 'planning', 'verifying') then true when r.status = 'executing' then not r.expanded
        when r.status = 'paused' then r.holder is not null end -- its holder is lost, too, and nobody is woken
    returning r.id, r.status, r.expanded, r.priority)
  select json_agg(json_build_array(id, priority)) filter (where not expanded and status <> 'paused'),
    json_agg(json_build_array(id, priority)) filter (where expanded and status <> 'paused') into plans, finishes from u;

  return json_build_object('last', last, 'wake', woken, 'recovered', recovered, 'poisoned', poisoned, 'plan', plans, 'finish', finishes);
end $$;
`
