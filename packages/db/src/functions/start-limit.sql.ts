import { ofDependencies, waits } from './dependencies.ts'
import { BY_KEY_ALONE } from './settings.ts'

/**
 * The limit of the wait for a claim (`start_within`). Since when a task is claimable is not written anywhere, since every step
 * would have to: it follows from what ended before it, and is worked out only for tasks that have a limit.
 */
export const START_LIMIT = /* sql */ `
-- The end of whatever it waited for last: the run's start, its dependencies, its own attempts, a judge, a person, its rest.
create function flotilla.claimable_since(t flotilla.tasks, run_started timestamptz) returns timestamptz language sql stable as $$
  select greatest(run_started, t.not_before,
    (select max(d.finished_at) from ${ofDependencies('t', 'tasks', 'finished_at')}),
    (select max(a.finished_at) from flotilla.attempts a where a.run_id = t.run_id and a.idx = t.idx),
    (select max(v.at) from flotilla.verdicts v where v.run_id = t.run_id and v.idx = t.idx),
    (select max(p.decided_at) from flotilla.approvals p where p.run_id = t.run_id and p.idx = t.idx))
$$;

-- How long the run was paused after a moment, of pauses that are over.
create function flotilla.paused_since(p_run bigint, since timestamptz) returns interval language sql stable as $$
  select coalesce(sum(r.at - greatest(since, p.at)), '0')
  from flotilla.events r cross join lateral (
    select at from flotilla.events where run_id = r.run_id and seq < r.seq and type = 'run.paused' order by seq desc limit 1) p
  where r.run_id = p_run and r.type = 'run.resumed' and r.at > since
$$;

-- Fails what nobody has claimed in time, in runs with numbers after one and up to another, and skips what waits for it; what only
-- waited for optional tasks is ready without them, and due at once, for the sweep to wake. Runs
-- that a step holds are passed by, as the sweep does, and so are paused ones: their time stands still.
create function flotilla.fail_unstarted(after_run bigint, up_to bigint) returns json
language plpgsql volatile
${BY_KEY_ALONE}
as $$
declare
  many int := 1000000;
  ts timestamptz; page bigint[];
  failed flotilla.settled_task[]; skipped flotilla.log_entry[]; readied flotilla.log_entry[]; entries flotilla.log_entry[]; closed json;
begin
  select array_agg(id) into page from (
    select r.id from flotilla.runs r
    where r.live and r.id > after_run and r.id <= up_to and r.status = 'executing' and exists (
      select from flotilla.tasks t where t.run_id = r.id and t.start_within is not null and t.status in ('ready', 'revising')
        and flotilla.claimable_since(t, r.started_at) < clock_timestamp() - t.start_within * interval '1 s')
    order by r.id for no key update of r skip locked) x;
  if page is null then return json_build_object(); end if;
  ts := clock_timestamp();

  with late as (
    select t.run_id, t.idx from (select * from unnest(page) as p(run_id) limit many) p
      join flotilla.runs r on r.id = any (array[p.run_id]) and case r.status when 'executing' then true end
      join flotilla.tasks t on t.run_id = any (array[p.run_id]) and t.start_within is not null and t.status in ('ready', 'revising')
      cross join lateral (select flotilla.claimable_since(t, r.started_at) as since offset 0) w
    where w.since < ts - t.start_within * interval '1 s'
      and w.since < ts - t.start_within * interval '1 s' - flotilla.paused_since(t.run_id, w.since)),
  u as (
    update flotilla.tasks t set status = 'failed', fence = t.fence + 1, due = null, not_before = null, finished_at = ts
    from (select * from late limit many) l where t.run_id = any (array[l.run_id]) and t.idx = l.idx
    returning t.run_id, t.idx, t.workspace_id, t.role, t.attempt, t.outs, t.priority, t.optional, jsonb_build_object('code', 'start_timeout', 'message',
      format('no worker claimed it within %s s; expected one for the role "%s": start more workers, or raise scheduleToStartSeconds', t.start_within, t.role)) as error),
  e as (
    update flotilla.task_specs s set error = u.error from (select * from u limit many) u where s.run_id = any (array[u.run_id]) and s.idx = u.idx)
  select array_agg(row(run_id, idx, workspace_id, role, attempt, 'fail', false, 0, outs, 0, false, priority, optional, null, null, null, null)::flotilla.settled_task),
    array_agg(row(run_id, workspace_id, 2, idx, 'task.failed', jsonb_build_object('attempt', attempt, 'error', error))::flotilla.log_entry)
  into failed, entries from u;
  if failed is null then return json_build_object(); end if;

  with recursive doomed(run_id, idx) as (
    select f.run_id, o.idx from unnest(failed) f, unnest(f.outs) o(idx) where not f.optional
    union
    select x.run_id, o.idx from doomed x join flotilla.tasks t on t.run_id = any (array[x.run_id]) and t.idx = x.idx and not t.optional, unnest(t.outs) o(idx)),
  u as (
    update flotilla.tasks t set status = 'skipped', due = null, finished_at = ts
    from (select * from doomed limit many) x
    where t.run_id = any (array[x.run_id]) and t.idx = x.idx and t.status = 'pending' returning t.run_id, t.workspace_id, t.idx)
  select array_agg(row(run_id, workspace_id, 3, idx, 'task.skipped', '{"reason": "a task that it depends on failed"}'::jsonb)::flotilla.log_entry)
  into skipped from u;
  with freed as (
    select f.run_id, o.idx from unnest(failed) f, unnest(f.outs) o(idx) where f.optional
    union
    select s.run_id, o.idx from (select * from unnest(skipped) limit many) s
      join flotilla.tasks t on t.run_id = any (array[s.run_id]) and t.idx = s.idx and t.optional, unnest(t.outs) o(idx)),
  u as (
    update flotilla.tasks t set status = 'ready', due = ts
    from (select * from freed limit many) x
    where t.run_id = any (array[x.run_id]) and t.idx = x.idx and t.status = 'pending' and not ${waits('t')}
    returning t.run_id, t.workspace_id, t.idx, t.role)
  select array_agg(row(run_id, workspace_id, 4, idx, 'task.ready', jsonb_build_object('role', role))::flotilla.log_entry) into readied from u;
  closed := flotilla.log_step(entries || skipped || readied, failed, skipped, ts);
  return json_build_object(
    'failed', (select json_agg(json_build_array(run_id, idx)) from unnest(failed)),
    'closed', (select json_agg(json_build_array(r.id, r.priority)) from flotilla.runs r where r.id in (select value::bigint from json_array_elements_text(closed))));
end $$;
`
