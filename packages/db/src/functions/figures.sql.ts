import { BY_KEY_ALONE } from './settings.ts'

/**
 * What there is to do in the whole fleet, for whoever scales it and watches over it. Walks the live runs by the index that the
 * sweep walks and the tasks of each by key, so that what has ended costs nothing. A lateral behind `offset 0` stays on the
 * inside of its join, whatever the planner thinks of the tables.
 */
export const FIGURES = /* sql */ `
-- By pool: in progress, ready (claimable and due), and what waits, by what for. What a worker holds is in progress also where
-- its run is paused: it ends at its next turn boundary. A role's limit holds back what is ready beyond its room.
create function flotilla.backlogs() returns json
language plpgsql stable
${BY_KEY_ALONE}
as $$
declare
  many int := 1000000;
  enough int := 1000; -- more than this to learn or to remove scales no differently, and would cost with the history
  ts timestamptz := clock_timestamp();
begin
  return (
    with at_work as materialized (
      select id, coalesce(resume_to, status) as phase, status = 'paused' as paused, expanded, holder, due
      from flotilla.runs where live limit many),
    work as (
      select case when t.status in ('to_verify', 'verifying') then 'verify' else 'agent:' || t.role end as pool,
        case when t.status in ('in_progress', 'verifying') then 'in_progress' when r.paused then 'paused'
          when t.not_before > ts then case when t.wait ->> 'laneId' is null then 'not_due' else 'lane' end
          else 'ready' end as state
      from at_work r cross join lateral (
        select status, role, not_before, wait from flotilla.tasks
        where run_id = r.id and status in ('ready', 'revising', 'in_progress', 'to_verify', 'verifying') offset 0) t
      union all
      select case when phase = 'verifying' then 'verify' else 'plan' end,
        case when holder <> '' then 'in_progress' when paused then 'paused' when holder = '' and due > ts then 'not_due' else 'ready' end
      from at_work where phase in ('created', 'planning', 'verifying') or (phase = 'executing' and not expanded)
      union all
      select 'learn', 'ready' from (select from flotilla.runs where not live and not learned limit enough) u
      union all
      select 'maintain', 'ready' from (select from flotilla.runs where retention in ('trimming', 'removing') limit enough) c),
    counts as (
      select pool, count(*) filter (where state = 'in_progress') as in_progress, count(*) filter (where state = 'ready') as ready,
        count(*) filter (where state = 'lane') as lane, count(*) filter (where state = 'paused') as paused,
        count(*) filter (where state = 'not_due') as not_due
      from work group by pool)
    select coalesce(json_agg(json_build_object('pool', c.pool, 'inProgress', c.in_progress, 'ready', c.ready - h.held,
      'waiting', json_build_object('lane', c.lane, 'paused', c.paused, 'notDue', c.not_due, 'limit', h.held)) order by c.pool), '[]')
    from counts c
      left join flotilla.pools p on c.pool = 'agent:' || p.role
      cross join lateral (
        select case when p.role is null then 0 else greatest(0, c.ready - greatest(0, p.max_running - c.in_progress)) end as held) h);
end $$;

-- Live runs by status, and by pool for how many seconds the work that has waited longest was claimable. That is not written
-- anywhere: it is worked out for one task of each of the runs that are oldest, not for every task.
create function flotilla.fleet_figures() returns json
language plpgsql stable
${BY_KEY_ALONE}
as $$
declare
  many int := 1000000;
  looks int := 100;
  ts timestamptz := clock_timestamp();
begin
  return (
    with at_work as materialized (
      select id, status, expanded, holder, due, created_at, started_at from flotilla.runs where live limit many),
    first as (
      select f.pool, r.id, f.idx, r.started_at, row_number() over (partition by f.pool order by r.id) as place
      from at_work r cross join lateral (
        select distinct on (1) case when status = 'to_verify' then 'verify' else 'agent:' || role end as pool, idx
        from flotilla.tasks
        where run_id = r.id and status in ('ready', 'revising', 'to_verify') and (not_before is null or not_before <= ts)
        order by 1, idx offset 0) f
      where r.status = 'executing'),
    since as (
      select f.pool, t.since
      from first f cross join lateral (
        select flotilla.claimable_since(t, f.started_at) as since from flotilla.tasks t where t.run_id = f.id and t.idx = f.idx offset 0) t
      where f.place <= looks
      union all
      select 'plan', case when holder = '' then due else coalesce(started_at, created_at) end from at_work
      where (status in ('created', 'planning') or (status = 'executing' and not expanded)) and (holder is null or (holder = '' and due <= ts))
      union all
      select 'verify', e.at
      from (select id from at_work where status = 'verifying' and holder is null order by id limit looks) r cross join lateral (
        select at from flotilla.events where run_id = r.id and type = 'run.verifying' order by seq desc limit 1) e
      union all
      select 'learn', finished_at from (
        select finished_at from flotilla.runs where not live and not learned order by id limit looks) u)
    select json_build_object(
      'runs', coalesce((select json_object_agg(status, n) from (select status, count(*) as n from at_work group by status) s), '{}'),
      'oldest', coalesce((select json_object_agg(pool, seconds) from (
        select pool, greatest(0, extract(epoch from ts - min(since))) as seconds from since group by pool) o), '{}')));
end $$;
`
