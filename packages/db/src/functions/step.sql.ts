import { waits } from './dependencies.ts'
import { BY_KEY_ALONE } from './settings.ts'

/** Of a run that has so many tasks left. */
const percent = (todo: string): string => `coalesce(100 * (r.total - (${todo})) / nullif(r.total, 0), 0)`
/** Of a run "r", before it is moved by "m". */
const PROGRESSES = `m.ended > 0 and ${percent('r.todo')} <> ${percent('r.todo - m.ended')}`
const CLOSES = `m.ended > 0 and r.status = 'executing' and r.todo = m.ended`

/**
 * The group commit: settlements and claims of many tasks of many runs, in one statement and one commit. Phases: lock, settle,
 * skip, derive and claim, log, close, pay. They are separate statements of one VOLATILE function because each needs a snapshot
 * taken after the run locks; one data-modifying statement would decide on what it saw before it waited.
 *
 * Verbs: complete, fail, retry (after `delay` ms), verify (hand to a judge), revise, release (hand back, burns nothing),
 * await (rest until a person has decided on `data.approval`), drop (an optional task that is left out).
 * `judged` settles a judge's claim. `cap`: how many tasks that this call makes ready it may claim at once. `served`: roles
 * that the process serves, null for all. Every join is driven from an array under a LIMIT by a variable: the planner then
 * expects one row and looks rows up by key, on empty and on grown tables alike; `t.run_id = any (array[k.run_id])` lets it do
 * nothing else (ADR 14).
 */
export const STEP = /* sql */ `
create type flotilla.settled_task as (run_id bigint, idx int, workspace_id bigint, role text, attempt int, verb text,
  judged boolean, delay int, outs int[], n int, pooled boolean, priority int, optional boolean,
  event jsonb, spent jsonb, turn_event jsonb, told jsonb);
create type flotilla.claimed_task as (run_id bigint, idx int, workspace_id bigint, role text, attempt int, kind text, judge boolean);
create type flotilla.log_entry as (run_id bigint, workspace_id bigint, rank int, idx int, type text, data jsonb);

create function flotilla.step(
  s_run bigint[], s_idx int[], s_fence int[], s_judged boolean[], s_verb text[], s_delay int[], s_data jsonb[],
  c_run bigint[], c_idx int[], cap int, served text[], lease interval, me text)
returns json language plpgsql volatile
${BY_KEY_ALONE}
as $$
declare
  many int := 1000000;
  rewake interval := '3 s';
  ts timestamptz;
  live bigint[];
  gated boolean; turned boolean; marked boolean; -- whether there are limits, turns, and verdicts, approvals or dead letters
  settled flotilla.settled_task[];
  skipped flotilla.log_entry[];
  readied flotilla.log_entry[];
  claimed flotilla.claimed_task[];
  entries flotilla.log_entry[];
  o_run bigint[]; o_idx int[]; t_run bigint[]; t_idx int[];
  -- parts of the answer, each made where its rows are at hand
  j_settled json; j_again json; j_claimed json; wake json; wait json; closed json;
begin
  -- lock: every run of the batch in id order, so that batches cannot deadlock, no wake-up is lost and seq has no gap
  select coalesce(array_agg(r.id) filter (where r.status = 'executing'), '{}') into live
  from (select id, status from flotilla.runs where id = any (s_run || c_run) order by id for no key update) r;
  ts := clock_timestamp();
  perform from flotilla.pools limit 1; -- a limit may have come while this waited for the locks
  gated := found;

  -- settle: compare-and-set on the fence
  if cardinality(s_run) > 0 then
    with s as (
      select * from unnest(s_run, s_idx, s_fence, s_judged, s_verb, s_delay, s_data) with ordinality
        as s(run_id, idx, fence, judged, verb, delay, data, n) limit many),
    u as (
      update flotilla.tasks t set
        status = case s.verb when 'complete' then 'completed' when 'fail' then 'failed' when 'verify' then 'to_verify'
          when 'revise' then 'revising' when 'await' then 'awaiting_approval' when 'drop' then 'skipped' else case when s.judged then 'to_verify' else 'ready' end end,
        kind = case s.verb when 'retry' then case when s.judged then t.kind else 'retry' end
          when 'revise' then 'revision' when 'await' then 'continuation' when 'release' then case when s.judged then t.kind else 'continuation' end else t.kind end,
        revisions = t.revisions + (s.verb = 'revise')::int,
        judge_failures = case when s.judged and s.verb <> 'revise' then t.judge_failures + (s.verb = 'retry')::int else 0 end,
        due = case when s.verb in ('complete', 'fail', 'await', 'drop') then null else ts + rewake + s.delay * interval '1 ms' end,
        not_before = case when s.delay > 0 then ts + s.delay * interval '1 ms' end,
        wait = (s.data -> 'wait') || jsonb_build_object('at', floor(extract(epoch from ts) * 1000),
          'until', floor(extract(epoch from ts) * 1000) + s.delay, 'why', s.data -> 'error' ->> 'message'),
        worker = null,
        tokens = t.tokens + coalesce((s.data -> 'spent' ->> 'inputTokens')::bigint, 0) + coalesce((s.data -> 'spent' ->> 'outputTokens')::bigint, 0),
        cost_usd = t.cost_usd + coalesce((s.data -> 'spent' ->> 'costUsd')::numeric, 0),
        finished_at = case when s.verb in ('complete', 'fail', 'drop') then ts end
      from s
      where t.run_id = any (array[s.run_id]) and t.idx = s.idx and t.fence = s.fence
        and t.status = case when s.judged then 'verifying' else 'in_progress' end
      returning t.run_id, t.idx, t.workspace_id, t.role, t.priority, t.attempt, t.kind, t.started_at, t.outs, t.optional, s.verb, s.judged, s.delay, s.data, s.n,
        coalesce(s.data ->> 'kind', t.kind) as ran),
    a as (
      insert into flotilla.attempts (run_id, idx, number, workspace_id, kind, status, worker, started_at, finished_at, usage, error)
      select run_id, idx, attempt, workspace_id, ran, case verb when 'fail' then coalesce(data ->> 'attemptStatus', 'failed')
        when 'retry' then 'failed' when 'release' then 'released' when 'await' then 'released' when 'drop' then 'released' else 'succeeded' end,
        coalesce(data ->> 'worker', me), started_at, ts, coalesce(data -> 'usage', '{}'), data -> 'error'
      from u where not judged on conflict do nothing),
    o as (
      insert into flotilla.outputs (run_id, idx, attempt, workspace_id, output, findings)
      select run_id, idx, attempt, workspace_id, data -> 'output', data -> 'findings' from u where data ? 'output' on conflict do nothing)
    select array_agg(row(run_id, idx, workspace_id, role, attempt, verb, judged, delay, outs, n, gated and not judged, priority, optional,
      data -> 'event', data -> 'spent', data -> 'turnEvent', data -> 'told')::flotilla.settled_task),
      json_agg(n),
      json_agg(json_build_array(run_id, idx, role, delay, verb = 'verify' or judged, priority)) filter (where verb in ('retry', 'verify', 'release') and run_id = any (live)),
      bool_or(data ? 'turn'), bool_or(data ?| array['verdict', 'approval', 'deadLetter'])
    into settled, j_settled, j_again, turned, marked from u;
  end if;

  -- what not every settlement has: most batches are spared these tables
  if turned then
    insert into flotilla.turns (run_id, idx, attempt, turn, workspace_id, model, request, reply, stop_reason, usage, context, started_at, finished_at)
    select f.run_id, f.idx, f.attempt, (t.turn ->> 'turn')::int, f.workspace_id, t.turn ->> 'model', t.turn -> 'request',
      t.turn -> 'reply', t.turn ->> 'stopReason', t.turn -> 'usage', t.turn -> 'context', (t.turn ->> 'startedAt')::timestamptz, ts
    from unnest(settled) f cross join lateral (select s_data[f.n] -> 'turn' as turn offset 0) t where t.turn is not null
    on conflict do nothing;
  end if;
  if marked then
    with u as (
      select f.run_id, f.idx, f.attempt, f.workspace_id, f.verb, s_data[f.n] as data from unnest(settled) f offset 0),
    v as (
      insert into flotilla.verdicts (run_id, idx, attempt, workspace_id, decision, score, findings, judge_model, at)
      select run_id, idx, attempt, workspace_id, data -> 'verdict' ->> 'decision', (data -> 'verdict' ->> 'score')::float8,
        data -> 'verdict' -> 'findings', data ->> 'judgeModel', ts
      from u where data ? 'verdict' on conflict do nothing),
    q as (
      insert into flotilla.approvals (workspace_id, uid, run_id, idx, attempt, kind, subject, requested_at, expires_at)
      select workspace_id, data -> 'approval' ->> 'uid', run_id, idx, attempt, data -> 'approval' ->> 'kind', data -> 'approval' -> 'subject',
        ts, ts + (data -> 'approval' ->> 'expiresMs')::int8 * interval '1 ms'
      from u where data ? 'approval')
    insert into flotilla.dead_letters (workspace_id, run_id, idx, reason, error, at)
    select workspace_id, run_id, idx, data ->> 'deadLetter', data -> 'error', ts from u where verb = 'fail' and data ? 'deadLetter'
    on conflict do nothing;
  end if;

  -- skip: whatever waits for a failed task, however far away. What waits for an optional task goes on without it.
  if settled is not null and 'fail' = any (s_verb) then
    -- what a judge refuses, or cannot judge, had ended as a success: its attempt tells why the task failed
    update flotilla.attempts a set status = coalesce(j.data ->> 'attemptStatus', a.status), error = j.data -> 'error'
    from (select f.run_id, f.idx, f.attempt, d.data from unnest(settled) f join unnest(s_data) with ordinality d(data, n) on d.n = f.n
      where f.verb = 'fail' and f.judged limit many) j
    where a.run_id = any (array[j.run_id]) and a.idx = j.idx and a.number = j.attempt;
    with recursive doomed(run_id, idx) as (
      select f.run_id, o.idx from unnest(settled) f, unnest(f.outs) o(idx) where f.verb = 'fail' and not f.optional
      union
      select x.run_id, o.idx from doomed x join flotilla.tasks t on t.run_id = any (array[x.run_id]) and t.idx = x.idx and not t.optional, unnest(t.outs) o(idx)),
    u as (
      update flotilla.tasks t set status = 'skipped', due = null, finished_at = ts
      from (select * from doomed limit many) x
      where t.run_id = any (array[x.run_id]) and t.idx = x.idx and t.status = 'pending' returning t.run_id, t.workspace_id, t.idx)
    select array_agg(row(run_id, workspace_id, 3, idx, 'task.skipped', '{"reason": "a task that it depends on failed"}'::jsonb)::flotilla.log_entry)
    into skipped from u;
  end if;

  -- what waited for a success, or for an optional task that gives nothing any more
  if settled is not null then
    select array_agg(run_id), array_agg(idx) into o_run, o_idx from (
      select f.run_id, o.idx from unnest(settled) f, unnest(f.outs) o(idx) where f.verb = 'complete' or (f.optional and f.verb in ('fail', 'drop'))
      union
      select s.run_id, o.idx from (select * from unnest(skipped) limit many) s
        join flotilla.tasks t on t.run_id = any (array[s.run_id]) and t.idx = s.idx and t.optional, unnest(t.outs) o(idx)) x;
  end if;

  -- limits: the counts of all roles concerned are held in one order, so that steps of several roles cannot deadlock
  if gated then
    perform from flotilla.pools where role in (
      select f.role from unnest(settled) f where f.pooled
      union
      select t.role from (
        select * from unnest(o_run, o_idx) union all select * from unnest(c_run, c_idx) limit many) k(run_id, idx)
        join flotilla.tasks t on t.run_id = any (array[k.run_id]) and t.idx = k.idx)
    order by role for update;
  end if;

  -- derive and claim: dependents now ready and revisions just asked for (the first cap of them), and the claims by wake-up
  if o_run is not null or cardinality(c_run) > 0 or 'revise' = any (s_verb) then
    with cand as (
      select t.run_id, t.idx, t.role, t.status, 1 as source, row_number() over (partition by k.run_id order by k.idx) as turn -- not by t: its index would seem of use
      from (select * from unnest(o_run, o_idx) as k(run_id, idx) limit many) k join flotilla.tasks t on t.run_id = any (array[k.run_id]) and t.idx = k.idx
      -- of many the last is asked first: mostly it ends last
      where t.status = 'pending' and (cardinality(t.deps) < 8 or (
        select status in ('completed', 'failed', 'skipped') from flotilla.tasks where run_id = t.run_id and idx = t.deps[cardinality(t.deps)])) and not ${waits('t')}
      union all
      select f.run_id, f.idx, f.role, 'revising', 1, 0 from unnest(settled) f where f.verb = 'revise'
        and not exists (select from unnest(c_run, c_idx) c(run_id, idx) where c.run_id = f.run_id and c.idx = f.idx) -- else it would stand here twice
      union all
      select t.run_id, t.idx, t.role, t.status, 0, 0
      from (select distinct * from unnest(c_run, c_idx) as c(run_id, idx) limit many) c
        join flotilla.tasks t on t.run_id = any (array[c.run_id]) and t.idx = c.idx
      where c.run_id = any (live) and t.status in ('ready', 'revising', 'to_verify') and (t.not_before is null or t.not_before <= ts)),
    open as (
      select cand.*, cand.status <> 'to_verify' and gated as pooled,
        cand.run_id = any (live) and (cand.source = 0 or (cap > 0 and (served is null or cand.role = any (served)))) as able from cand),
    room as (
      select role, max_running - running + (select count(*) from unnest(settled) f where f.role = p.role and f.pooled) as room
      from flotilla.pools p where gated),
    fits as (
      select open.*, able and (not pooled or room.room is null
        or row_number() over (partition by open.role, able, pooled order by source, turn, run_id) <= room.room) as fits
      from open left join room on room.role = open.role),
    x as (
      select fits.*, fits and (source = 0 or row_number() over (partition by fits, source order by turn, run_id) <= cap) as take from fits),
    u as (
      update flotilla.tasks t set
        status = case when not x.take then case when t.status = 'pending' then 'ready' else t.status end
          when t.status = 'to_verify' then 'verifying' else 'in_progress' end,
        fence = t.fence + x.take::int,
        attempt = t.attempt + (x.take and t.status <> 'to_verify')::int,
        tries = t.tries + (x.take and t.status <> 'to_verify' and t.kind in ('first', 'retry'))::int,
        continuations = t.continuations + (x.take and t.status <> 'to_verify' and t.kind = 'continuation')::int,
        worker = case when x.take then me end,
        started_at = case when x.take and t.status <> 'to_verify' then ts else t.started_at end,
        not_before = case when x.take then null else t.not_before end,
        due = ts + case when x.take then lease else rewake end
      from x
      where t.run_id = any (array[x.run_id]) and t.idx = x.idx
      returning t.run_id, t.idx, t.workspace_id, t.role, t.priority, t.fence, t.attempt, t.kind, t.tries, t.recoveries, t.revisions, t.continuations,
        x.take, x.source, x.able, x.status as was)
    select
      array_agg(row(run_id, idx, workspace_id, role, attempt, kind, was = 'to_verify')::flotilla.claimed_task)
        filter (where take),
      json_agg(json_build_array(run_id, idx, fence, attempt, kind, tries, recoveries, revisions, was = 'to_verify', role, continuations, workspace_id)) filter (where take),
      array_agg(run_id) filter (where take), array_agg(idx) filter (where take),
      array_agg(row(run_id, workspace_id, 4, idx, 'task.ready', jsonb_build_object('role', role))::flotilla.log_entry) filter (where was = 'pending'),
      json_agg(json_build_array(run_id, idx, role, 0, false, priority)) filter (where not take and source = 1 and run_id = any (live)),
      json_agg(json_build_array(run_id, idx, role, 0, false, priority)) filter (where not take and source = 0)
    into claimed, j_claimed, t_run, t_idx, readied, wake, wait from u;
  end if;
  if gated then
    update flotilla.pools p set running = greatest(0, p.running + d.n) from (
      select role, sum(n)::int as n from (
        select role, 1 as n from unnest(claimed) where not judge union all select role, -1 from unnest(settled) where pooled) m
      group by role) d
    where p.role = d.role;
  end if;

  -- log: the run's next numbers, in the order in which things happened
  if settled is not null or claimed is not null or readied is not null then
    select array_agg(e) into entries from (
      select row(f.run_id, f.workspace_id, 1, f.idx, 'task.turn', f.turn_event || jsonb_build_object('attempt', f.attempt))::flotilla.log_entry as e
      from unnest(settled) f where f.turn_event is not null
      union all
      select row(f.run_id, f.workspace_id, 1, f.idx, 'budget.degraded', f.told)::flotilla.log_entry from unnest(settled) f where f.told is not null
      union all
      select row(f.run_id, f.workspace_id, 2, f.idx, case f.verb when 'complete' then 'task.completed' when 'fail' then 'task.failed'
        when 'retry' then 'task.retrying' when 'verify' then 'task.verifying' when 'await' then 'approval.requested' when 'drop' then 'task.skipped' else 'task.revising' end,
        jsonb_build_object('attempt', f.attempt) || coalesce(f.event, '{}'))::flotilla.log_entry
      from unnest(settled) f where f.verb <> 'release' and not (f.judged and f.verb = 'retry')
      union all select s from unnest(skipped) s
      union all select r from unnest(readied) r
      union all
      select row(c.run_id, c.workspace_id, 5, c.idx, 'task.started',
        jsonb_build_object('attempt', c.attempt, 'kind', c.kind, 'worker', me))::flotilla.log_entry
      from unnest(claimed) c where not c.judge) x(e);
    closed := flotilla.log_step(entries, settled, skipped, ts);
  end if;

  -- pay: what the calls of these claims used, also of those whose fence is lost: what was spent was spent
  perform flotilla.settle_calls(array_agg(s.run_id), array_agg(c ->> 'key'), array_agg(nullif(c -> 'used', 'null')))
  from unnest(s_run, s_data) s(run_id, data), jsonb_array_elements(s.data -> 'calls') c having count(*) > 0;

  return json_build_object('settled', j_settled, 'claimed', j_claimed,
    -- what they start from comes along, unless it is much: the locks are still held
    'records', case when t_run is not null then flotilla.task_records(t_run, t_idx, 65536) end,
    'wake', wake, 'again', j_again, 'wait', wait, 'closed', closed);
end $$;

-- log and close: numbers the entries, moves the run rows, and ends the execution of runs with nothing left to do. What is known of a
-- run is gathered by grouping and numbered by a window: a join of two arrays would look through one for each row of the other.
create function flotilla.log_step(p_entries flotilla.log_entry[], p_settled flotilla.settled_task[], p_skipped flotilla.log_entry[], ts timestamptz)
returns json language plpgsql volatile as $$
declare
  many int := 1000000;
  closed json;
begin
  with counted as materialized ( -- also runs that only spent something: what hands back or judges again is told in no event
    select run_id, min(workspace_id) as workspace_id, sum(entries)::int as n,
      sum(completed)::int as completed, sum(failed)::int as failed, sum(skipped)::int as skipped,
      coalesce(sum((u ->> 'inputTokens')::bigint), 0) as input, coalesce(sum((u ->> 'cachedInputTokens')::bigint), 0) as cached,
      coalesce(sum((u ->> 'cacheWriteTokens')::bigint), 0) as written, coalesce(sum((u ->> 'outputTokens')::bigint), 0) as output,
      coalesce(sum((u ->> 'reasoningTokens')::bigint), 0) as reasoning, coalesce(sum((u ->> 'modelCalls')::int), 0) as calls,
      coalesce(sum((u ->> 'costUsd')::numeric), 0) as cost
    from (
      select run_id, workspace_id, 1 as entries, 0 as completed, 0 as failed, 0 as skipped, null::jsonb as u from unnest(p_entries)
      union all
      select run_id, workspace_id, 0, (verb = 'complete')::int, (verb = 'fail')::int, (verb = 'drop')::int, spent from unnest(p_settled)
      union all
      select run_id, workspace_id, 0, 0, 0, 1, null from unnest(p_skipped)) x
    group by run_id),
  moved as (
    update flotilla.runs r set
      seq = r.seq + m.n + (${PROGRESSES})::int + (${CLOSES})::int,
      todo = r.todo - m.ended, completed = r.completed + m.completed, failed = r.failed + m.failed, skipped = r.skipped + m.skipped,
      status = case when ${CLOSES} then 'verifying' else r.status end,
      due = case when ${CLOSES} then ts + interval '3 s' else r.due end,
      tries = case when ${CLOSES} then 0 else r.tries end,
      input_tokens = r.input_tokens + m.input, cached_input_tokens = r.cached_input_tokens + m.cached,
      cache_write_tokens = r.cache_write_tokens + m.written, output_tokens = r.output_tokens + m.output,
      reasoning_tokens = r.reasoning_tokens + m.reasoning, model_calls = r.model_calls + m.calls, cost_usd = r.cost_usd + m.cost
    from (select *, completed + failed + skipped as ended from counted limit many) m
    where r.id = any (array[m.run_id])
    returning r.id as run_id, r.workspace_id, r.seq, m.n, m.ended > 0 and r.status = 'verifying' as closing, -- as they are now
      m.ended > 0 and ${percent('r.todo')} <> ${percent('r.todo + m.ended')} as progressing,
      jsonb_build_object('percent', ${percent('r.todo')}, 'total', r.total, 'completed', r.completed, 'failed', r.failed, 'skipped', r.skipped) as progress),
  logged as (
    insert into flotilla.events (run_id, seq, workspace_id, idx, type, at, data)
    select run_id, first + n - 1, workspace_id, idx, type, ts, data from (
      select e.*, first_value(before) over run as first, row_number() over run as n
      from (
        select run_id, workspace_id, -1 as rank, null::int as idx, null as type, null::jsonb as data,
          seq - n - progressing::int - closing::int as before from moved
        union all
        select run_id, workspace_id, rank, idx, type, data, null from unnest(p_entries)
        union all
        select run_id, workspace_id, 6, null, 'run.progress', progress, null from moved where progressing
        union all
        select run_id, workspace_id, 7, null, 'run.verifying', '{}', null from moved where closing) e
      window run as (partition by run_id order by rank, idx)) e
    where type is not null)
  select json_agg(run_id) filter (where closing) into closed from moved;
  return closed;
end $$;
`
