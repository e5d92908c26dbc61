import { BY_KEY_ALONE } from './settings.ts'

/**
 * Ready tasks for which no worker has a place are parked: due at "infinity", so that nobody wakes them, and found again by the
 * row of their run and role in flotilla.parked. Free places draw from there by start-time fair queueing: first among
 * workspaces, by what each has had over its weight, then among the runs of one, by priority. Counted are starts, and only while
 * something is parked. Nobody saves up credit: whoever comes anew begins at the clock.
 *
 * Locks: shares, parked and share_clock under the clock's row alone, which is held for a moment: none of it waits for a commit
 * to reach the disk. What a crash of the server takes back, the sweep finds again. Tasks that somebody else holds are passed by.
 */
export const SHARE = /* sql */ `
-- Parked tasks of these runs and roles have numbers from "first" on; the clock is taken here.
create function flotilla.line_up(p_workspace bigint[], p_run bigint[], p_role text[], p_first int[]) returns void
language plpgsql volatile as $$
declare
  many int := 1000000;
  clock float8;
begin
  select at into clock from flotilla.share_clock for update;
  insert into flotilla.shares (workspace_id, served) select distinct w, clock from unnest(p_workspace) w on conflict do nothing;
  update flotilla.shares s set served = greatest(s.served, clock)
  from (select distinct w from unnest(p_workspace) w limit many) n
  where s.workspace_id = any (array[n.w]) and s.served < clock and not exists (select from flotilla.parked p where p.workspace_id = s.workspace_id);
  insert into flotilla.parked (workspace_id, run_id, role, after_idx, turn)
  select n.w, n.run_id, n.role, n.first - 1, s.run_clock + 1 / power(2, r.priority - 5)
  from (select w, run_id, role, min(first) as first from unnest(p_workspace, p_run, p_role, p_first) as n(w, run_id, role, first) group by 1, 2, 3 limit many) n
    join flotilla.shares s on s.workspace_id = any (array[n.w]) join flotilla.runs r on r.id = any (array[n.run_id])
  on conflict (run_id, role) do update set after_idx = least(parked.after_idx, excluded.after_idx);
end $$;

-- Parks what of these is ready to be claimed now. What a step, a sweep or another park holds is theirs to care for.
create function flotilla.park(p_run bigint[], p_idx int[]) returns void
language plpgsql volatile
${BY_KEY_ALONE}
as $$
declare
  many int := 1000000;
  ts timestamptz := clock_timestamp();
  w bigint[]; r bigint[]; o text[]; f int[];
begin
  perform set_config('synchronous_commit', 'off', true);
  with l as (
    select k.run_id, k.idx from (select * from unnest(p_run, p_idx) as k(run_id, idx) limit many) k
      join flotilla.tasks t on t.run_id = any (array[k.run_id]) and t.idx = k.idx
    where t.status in ('ready', 'revising', 'to_verify') and (t.not_before is null or t.not_before <= ts)
    order by 1, 2 for no key update of t skip locked),
  u as (
    update flotilla.tasks t set due = 'infinity' from (select distinct * from l limit many) l
    where t.run_id = any (array[l.run_id]) and t.idx = l.idx
    returning t.workspace_id, t.run_id, case when t.status = 'to_verify' then '@judge' else t.role end as role, t.idx)
  select array_agg(x.workspace_id), array_agg(x.run_id), array_agg(x.role), array_agg(x.idx) into w, r, o, f
  from (select workspace_id, run_id, role, min(idx) as idx from u group by 1, 2, 3) x;
  if w is not null then perform flotilla.line_up(w, r, o, f); end if;
end $$;

-- Workspaces with something parked for these roles (null: for any) but not these, in runs that go on. A walk along the index of parked_turns, one
-- step for each of them: a condition on the rows of a join would go through all that waits.
create function flotilla.who_waits(p_roles text[], not_roles text[]) returns bigint[] language plpgsql stable as $$
begin
  return array(
    with recursive w(id) as (
      select min(workspace_id) from flotilla.parked
      union all
      select (select min(p.workspace_id) from flotilla.parked p where p.workspace_id > w.id) from w where w.id is not null)
    select w.id from w cross join lateral (
      select from flotilla.parked p cross join lateral (select from flotilla.runs r where r.id = p.run_id and r.status = 'executing' offset 0) r
      where p.workspace_id = w.id and (p_roles is null or p.role = any (p_roles)) and p.role <> all (not_roles)
      order by p.turn limit 1) x
    where w.id is not null);
end $$;

-- Draws up to so many parked tasks of these roles (null: of all) for whoever has places for them. "u_…": what else workspaces have had
-- since, or given back of what they drew. Answers an object: tasks as in a step's wake, with their workspaces, in the order of their shares, and two of the workspaces that still have something parked.
create function flotilla.unpark(p_roles text[], wanted int, u_workspace bigint[], u_n int[]) returns json
language plpgsql volatile
${BY_KEY_ALONE}
as $$
declare
  many int := 1000000;
  rewake interval := '3 s';
  slack float8 := 64; -- one whose roles nobody serves is not owed more than this
  full_roles text[] := array(select role from flotilla.pools where running >= max_running);
  waiting bigint[];
  clock float8; behind float8; left_over int := wanted; looked_now int; found_now int; batch json; batches json[] := '{}';
begin
  if wanted > 0 or cardinality(u_workspace) > 0 then
    perform set_config('synchronous_commit', 'off', true);
    select at into clock from flotilla.share_clock for update;
    update flotilla.shares s set served = case when u.n > 0 then greatest(s.served, clock) else s.served end + u.n / w.weight::float8
    from (select * from unnest(u_workspace, u_n) as u(workspace_id, n) limit many) u join flotilla.workspaces w on w.id = any (array[u.workspace_id])
    where s.workspace_id = any (array[u.workspace_id]);
  end if;
  -- once more where some had less than their share: what they leave is the others'
  for round in 1..4 loop
    exit when left_over <= 0;
    with open as (
      select s.workspace_id, greatest(s.served, clock - slack) as served, w.weight::float8 as weight
      from (select * from unnest(flotilla.who_waits(p_roles, full_roles)) as k(id) limit many) k
        join flotilla.shares s on s.workspace_id = any (array[k.id]) join flotilla.workspaces w on w.id = any (array[s.workspace_id])
      order by 2 limit left_over),
    shared as (
      select workspace_id, served, weight, count(*)::int as n
      from (select open.*, k from open, generate_series(1, left_over) k order by open.served + (k - 1) / open.weight, open.workspace_id limit left_over) x
      group by 1, 2, 3),
    run as (
      select s.workspace_id, s.n, p.*
      from shared s cross join lateral (
        select p.run_id, p.role, p.after_idx, p.turn, power(2, r.priority - 5) as weight
        from flotilla.parked p cross join lateral (select r.priority from flotilla.runs r where r.id = p.run_id and r.status = 'executing' offset 0) r
        where p.workspace_id = s.workspace_id and (p_roles is null or p.role = any (p_roles))
          and p.role <> all (full_roles)
        order by p.turn limit s.n) p),
    -- by "latest" there are as many as are asked for: what is due after it, of whatever run, is none of them
    looked as (
      select run.*, least(n, 2 + floor((greatest(max(turn) over of_one, (n + sum(turn * weight) over of_one) / sum(weight) over of_one) - turn) * weight))::int as most
      from run window of_one as (partition by workspace_id)),
    found as materialized (
      select l.*, t.idx, row_number() over (partition by workspace_id order by t.idx is null, turn + (t.k - 1) / weight, run_id, role) as place
      from looked l left join lateral (
        select o.idx, row_number() over (order by o.idx) as k from (
          select t.idx from flotilla.tasks t
          where t.run_id = l.run_id and t.idx > l.after_idx and t.due = 'infinity' and t.status in ('ready', 'revising', 'to_verify')
            and case when t.status = 'to_verify' then '@judge' else t.role end = l.role
          order by t.idx limit l.most) o) t on true),
    t as materialized (
      select f.run_id, f.idx from found f cross join lateral (
        select from flotilla.tasks t where t.run_id = f.run_id and t.idx = f.idx and t.due = 'infinity' and t.status in ('ready', 'revising', 'to_verify')
        for no key update skip locked) t
      where f.place <= f.n and f.idx is not null),
    u as (
      update flotilla.tasks t set due = clock_timestamp() + rewake from (select * from t limit many) x
      where t.run_id = any (array[x.run_id]) and t.idx = x.idx
      returning t.run_id, t.idx, t.role, t.priority, t.status = 'to_verify' as judge, t.workspace_id),
    had as (
      select max(workspace_id) as workspace_id, run_id, role, max(turn) as turn, max(weight) as weight, sum(got)::int as got, max(taken) as last,
        -- nothing is left of it: all there is was looked at and taken
        count(idx) < max(most) and count(idx) = count(taken) as dry
      from (
        select workspace_id, run_id, role, turn, weight, most, idx, case when place <= n then idx end as taken, 0 as got from found
        union all
        select workspace_id, run_id, case when judge then '@judge' else role end, null, null, null, null, null, 1 from u) x
      group by run_id, role),
    moved as (
      update flotilla.parked p set after_idx = h.last, turn = h.turn + h.got / h.weight
      from (select * from had limit many) h where p.run_id = any (array[h.run_id]) and p.role = h.role and h.last is not null and not h.dry),
    dry as (
      delete from flotilla.parked p using (select * from had limit many) h
      where p.run_id = any (array[h.run_id]) and p.role = h.role and h.dry),
    paid as (
      select h.workspace_id, sum(h.got)::int as got, max(h.turn + (h.got - 1) / h.weight) as run_clock from had h where h.got > 0 group by 1),
    share as (
      update flotilla.shares s set served = o.served + d.got / o.weight, run_clock = greatest(s.run_clock, d.run_clock)
      from (select * from paid limit many) d join open o on o.workspace_id = d.workspace_id
      where s.workspace_id = any (array[d.workspace_id])
      returning o.served + (d.got - 1) / o.weight as started)
    select (select max(started) from share), (select count(*) from looked), count(*)::int,
      json_agg(json_build_array(x.run_id, x.idx, x.role, 0, x.judge, x.priority, x.workspace_id) order by o.served + x.place / o.weight)
    into clock, looked_now, found_now, batch
    from (select u.*, row_number() over (partition by workspace_id order by run_id, idx) - 1 as place from u) x join open o on o.workspace_id = x.workspace_id;
    exit when looked_now = 0;
    left_over := left_over - found_now;
    if found_now > 0 then
      batches := batches || batch;
      update flotilla.share_clock set at = greatest(at, clock) returning at into clock;
    else
      select at into clock from flotilla.share_clock;
    end if;
  end loop;
  waiting := flotilla.who_waits(p_roles, '{}');
  -- nobody who comes from now on is owed what those that wait have had before
  if clock is not null then
    select min(s.served - 1.0 / w.weight) into behind
    from (select * from unnest(waiting) as k(id) limit many) k
      join flotilla.shares s on s.workspace_id = any (array[k.id]) join flotilla.workspaces w on w.id = any (array[s.workspace_id]);
    if behind > clock then update flotilla.share_clock set at = behind; end if;
  end if;
  return json_build_object(
    'tasks', (select json_agg(e.task) from unnest(batches) b(tasks), json_array_elements(b.tasks) e(task)),
    'waiting', (
      select json_agg(workspace_id) from (
        select s.workspace_id from (select * from unnest(waiting) as k(id) limit many) k
          join flotilla.shares s on s.workspace_id = any (array[k.id])
        order by s.served limit 2) x));
end $$;

-- One task of each role that has some parked, for the queue: whoever it is delivered to looks for the rest. Of a role whose runs rest,
-- or whose limit is reached, there is none. What has ended waits for nothing any more.
create function flotilla.knock() returns json
language plpgsql volatile as $$
declare
  p_role text; tasks json; found_tasks json[] := '{}';
begin
  if exists (select from flotilla.parked p where not (select live from flotilla.runs where id = p.run_id)) then
    perform from flotilla.share_clock for update;
    delete from flotilla.parked p where not (select live from flotilla.runs where id = p.run_id);
  end if;
  foreach p_role in array array(
    select distinct p.role from flotilla.parked p where (select status from flotilla.runs where id = p.run_id) = 'executing' order by 1) loop
    tasks := flotilla.unpark(array[p_role], 1, '{}', '{}') -> 'tasks';
    if json_typeof(tasks) = 'array' then found_tasks := found_tasks || (tasks -> 0); end if;
  end loop;
  return array_to_json(found_tasks);
end $$;

-- Parked tasks of these runs that no draw would find: a crash of the server can leave them so.
create function flotilla.find_parked(p_run bigint[]) returns void
language plpgsql volatile
${BY_KEY_ALONE}
as $$
declare
  many int := 1000000;
  w bigint[]; r bigint[]; o text[]; f int[];
begin
  select array_agg(x.workspace_id), array_agg(x.run_id), array_agg(x.role), array_agg(x.idx) into w, r, o, f
  from (
    select t.workspace_id, t.run_id, t.role, min(t.idx) as idx
    from (select * from unnest(p_run) as k(run_id) limit many) k cross join lateral (
      select workspace_id, run_id, case when status = 'to_verify' then '@judge' else role end as role, idx from flotilla.tasks
      where run_id = k.run_id and due = 'infinity' and status in ('ready', 'revising', 'to_verify') offset 0) t
    group by 1, 2, 3) x
  where not exists (select from flotilla.parked p where p.run_id = x.run_id and p.role = x.role and p.after_idx < x.idx);
  if w is not null then perform flotilla.line_up(w, r, o, f); end if;
end $$;
`
