import { BY_KEY } from './settings.ts'

/** What the holders of runs do to them, each in one statement: claim, record what came of planning, expand, finish, learn. */
export const RUN = /* sql */ `
-- Claims the planning of runs (also their expansion after a start) or their finishing: of those that nobody holds, or whose holder's
-- lease ran out. Answers their claims, null where there is none: not ours to do. The new fence is what every later write of a claim
-- is checked against.
create function flotilla.claim_runs(p_runs bigint[], p_phase text, me text, lease interval) returns json language plpgsql volatile
${BY_KEY}
as $$
declare
  many int := 1000000; ts timestamptz; fresh bigint[]; claims json;
begin
  select coalesce(array_agg(id) filter (where status = 'created'), '{}') into fresh
  from (select id, status from flotilla.runs where id = any (p_runs) order by id for no key update) r;
  ts := clock_timestamp();
  with u as (
    update flotilla.runs r set status = case r.status when 'created' then 'planning' else r.status end, holder = me, fence = r.fence + 1,
      tries = r.tries + 1, due = ts + lease, seq = r.seq + (r.status = 'created')::int
    from (select distinct id from unnest(p_runs) a(id) limit many) a
    where r.id = any (array[a.id]) and (r.holder is null or r.due < ts) and case p_phase when 'finish' then r.status = 'verifying'
      else r.status in ('created', 'planning') or (r.status = 'executing' and not r.expanded) end
    returning r.*),
  e as (
    insert into flotilla.events (run_id, seq, workspace_id, idx, type, at, data)
    select id, seq, workspace_id, null, 'run.planning', ts, jsonb_build_object('worker', me) from u where id = any (fresh))
  select json_agg(json_build_object('runId', id, 'uid', uid, 'workspaceId', workspace_id, 'fence', fence, 'status', status,
    'autoStart', auto_start, 'expanded', expanded, 'planVersion', plan_version, 'priority', priority, 'tries', tries) order by id)
  into claims from u;
  return claims;
end $$;

-- Claims the planning of the runs whose turn it is when these were asked for: of the workspace with the fewest in planning for its
-- weight, the first by priority, then by age. As many are asked for as wait, so that whoever is
-- passed by has the turn of another, also of one that is planned already. A run that is not new, since its planner was lost or
-- it was started, is taken up at once. Planners ask one after the other: no two have the same in mind, and none that asks for many
-- waits for the other. Answers an array of claims, each with what planning starts from: as many as were asked for, or fewer.
create function flotilla.claim_to_plan(p_asked bigint[], me text, lease interval) returns json language plpgsql volatile
${BY_KEY}
as $$
declare
  many int := 1000000; again bigint[]; news int; next bigint[]; claims json;
begin
  perform pg_advisory_xact_lock(hashtext('flotilla.planners'));
  select coalesce(array_agg(r.id), '{}') into again
  from (select distinct id from unnest(p_asked) a(id) limit many) a join flotilla.runs r on r.id = any (array[a.id])
  where case r.status when 'planning' then r.holder is null or r.due < clock_timestamp() when 'executing' then not r.expanded end;
  news := cardinality(p_asked) - cardinality(again);
  select coalesce(array_agg(id), '{}') into next from (
    select r.id
    from flotilla.workspaces w
      cross join lateral (
        select array(select id from flotilla.runs where workspace_id = w.id and status = 'created' order by priority desc, id limit news) as ids
        offset 0) c
      cross join lateral (
        select count(*) as n from flotilla.runs where workspace_id = w.id and status = 'planning' and holder <> '') p
      cross join lateral unnest(c.ids) with ordinality r(id, turn)
    where c.ids <> '{}'
    order by (p.n + r.turn - 1) / w.weight::float8, r.id limit news) x;
  claims := flotilla.claim_runs(again || next, 'plan', me, lease);
  -- "record" is PlanningRecord of plan-reads.ts
  return (
    select json_agg(json_build_object('claim', c.claim, 'record', json_build_object('goal', s.goal, 'inputs', s.inputs, 'mode', s.mode,
      'budget', s.budget - 'onExceeded', 'onExceeded', coalesce(s.budget ->> 'onExceeded', 'fail'), 'collectionId', s.collection_id,
      'documents', coalesce((
        select jsonb_agg(jsonb_build_object('name', d.name, 'lines', d.lines, 'sizeBytes', d.size_bytes, 'mediaType', d.media_type, 'pages', d.pages,
          'heading', substring(left(d.content, 4000) from '(?n)^#{1,6}[ \t]+(.{1,200})')) order by d.n)
        from flotilla.documents d where d.collection_id = s.collection_id), '[]'),
      'plan', (
        select jsonb_build_object('version', p.version, 'madeBy', p.made_by, 'tasks', p.tasks, 'result', p.result)
        from flotilla.plans p where p.run_id = s.run_id and p.version = (c.claim ->> 'planVersion')::int))))
    from (select * from json_array_elements(claims) c(claim) limit many) c
      join flotilla.run_specs s on s.run_id = any (array[(c.claim ->> 'runId')::bigint]));
end $$;

-- Locks a claimed run for a write of its holder. A row of nulls: the fence is lost, or the run has ended. Everything in the same
-- transaction then stands on that lock.
create function flotilla.claimed_run(p_run bigint, p_fence int) returns flotilla.runs language plpgsql volatile as $$
declare
  r flotilla.runs;
begin
  select * into r from flotilla.runs where id = p_run and live and fence = p_fence for no key update;
  return r;
end $$;

-- What the analyser understood, what that used, and its event. False: the fence is lost.
create function flotilla.record_analysis(p_run bigint, p_fence int, p_analysis jsonb, u jsonb, p_event jsonb) returns boolean
language plpgsql volatile as $$
declare
  r flotilla.runs := flotilla.claimed_run(p_run, p_fence);
begin
  if r.id is null then return false; end if;
  update flotilla.run_specs set analysis = p_analysis where run_id = p_run;
  if (u ->> 'modelCalls')::int > 0 then
    perform flotilla.add_run_usage(p_run, u);
  end if;
  perform flotilla.append_event(p_run, r.workspace_id, null, 'run.analyzed', p_event, clock_timestamp());
  return true;
end $$;

-- How a run came to its plan, which stands in the record: its dispatch, and where nobody has started it yet, rest. The caller
-- holds the run's lock. Answers what comes next: an object with version and rest.
create function flotilla.settle_dispatch(p_run bigint, p_version int, p_dispatch jsonb, p_simulated boolean, p_event jsonb) returns json
language plpgsql volatile as $$
declare
  r record;
begin
  update flotilla.run_specs set dispatch = p_dispatch, simulated = p_simulated where run_id = p_run;
  update flotilla.runs set plan_version = p_version where id = p_run and plan_version <> p_version;
  select workspace_id, auto_start into r from flotilla.runs where id = p_run;
  perform flotilla.append_event(p_run, r.workspace_id, null, 'run.plan_ready', jsonb_build_object('version', p_version) || p_event, clock_timestamp());
  if not r.auto_start then
    -- paused meanwhile: a resume leads there
    update flotilla.runs set resume_to = case when status = 'paused' then 'awaiting_approval' end,
      status = case when status = 'paused' then status else 'awaiting_approval' end, holder = null, due = null, tries = 0
    where id = p_run;
    perform flotilla.append_event(p_run, r.workspace_id, null, 'run.awaiting_approval', jsonb_build_object('version', p_version), clock_timestamp());
  end if;
  return json_build_object('version', p_version, 'rest', not r.auto_start);
end $$;

-- A plan that was handed in: nothing to write but the dispatch. Null: the fence is lost.
create function flotilla.accept_plan(p_run bigint, p_fence int, p_dispatch jsonb, p_simulated boolean, p_event jsonb) returns json
language plpgsql volatile as $$
declare
  r flotilla.runs := flotilla.claimed_run(p_run, p_fence);
begin
  if r.id is null then return null; end if;
  return flotilla.settle_dispatch(p_run, r.plan_version, p_dispatch, p_simulated, p_event);
end $$;

-- Tasks of plans as rows, each {run, fence, version, tasks, total, given}: all of a plan or a page; those that wait for nothing are
-- ready. "total" comes with the last page, and with it the start: run.started, then task.ready of each root, with the run's next
-- numbers. Roots need no wake-up from here: their due has them woken. A run that is paused meanwhile stays so: the resume wakes
-- them. "given" is of a plan that came with the request, and is recorded in the same go: analysis, dispatch, simulated, and analyzed
-- and ready for their events. Answers the runs that it was done for: the others' fence is lost, or they have ended, are expanded
-- already, or are to rest before they start.
create function flotilla.expand_runs(p_runs jsonb) returns json language plpgsql volatile
${BY_KEY}
as $$
declare
  many int := 1000000; ts timestamptz; done json;
begin
  perform from flotilla.runs where id = any (array(select run from jsonb_to_recordset(p_runs) x(run bigint))) order by id for no key update;
  ts := clock_timestamp();
  with k as materialized (
    select x.*, r.workspace_id, r.priority, r.seq
    from (select * from jsonb_to_recordset(p_runs) x(run bigint, fence int, version int, tasks jsonb, total int, given jsonb) limit many) x
      join flotilla.runs r on r.id = any (array[x.run])
    where case when r.live and r.fence = x.fence and not r.expanded then x.given is null or r.auto_start end),
  t as (
    insert into flotilla.tasks (run_id, idx, workspace_id, role, priority, status, due, deps, outs, start_within, optional)
    select k.run, x.idx, k.workspace_id, x.role, k.priority, case when cardinality(x.deps) = 0 then 'ready' else 'pending' end,
      case when x.parked then 'infinity' when cardinality(x.deps) = 0 then ts + interval '3 s' end, x.deps, x.outs, x.start_within, coalesce(x.optional, false)
    from k cross join lateral jsonb_to_recordset(k.tasks) x(idx int, role text, deps int[], outs int[], start_within int, optional boolean, parked boolean)
    returning run_id, workspace_id, idx, role, status),
  described as (
    insert into flotilla.task_specs (run_id, idx, workspace_id, key, title, type, spec, agent_id, agent_name, model, selection)
    select k.run, x.idx, k.workspace_id, x.key, x.title, x.type, x.spec, x.agent_id, x.agent_name, x.model, x.selection
    from k cross join lateral jsonb_to_recordset(k.tasks)
      x(idx int, key text, title text, type text, spec jsonb, agent_id bigint, agent_name text, model text, selection jsonb)),
  dispatched as (
    update flotilla.run_specs s set analysis = k.given -> 'analysis', dispatch = k.given -> 'dispatch', simulated = (k.given ->> 'simulated')::boolean
    from (select * from k where total is not null and given is not null limit many) k where s.run_id = any (array[k.run])),
  roots as (
    select run_id, workspace_id, idx, role from t where status = 'ready'
    union all -- of earlier pages
    select t.run_id, t.workspace_id, t.idx, t.role from k join flotilla.tasks t on t.run_id = any (array[k.run]) where t.status = 'ready'),
  told as ( -- what the start tells of a run, after a row that knows its number so far
    select run as run_id, workspace_id, -1 as rank, null::int as idx, null as type, null::jsonb as data, seq, version, total from k where total is not null
    union all
    select run, workspace_id, 0, null, 'run.analyzed', given -> 'analyzed', null, null, null from k where total is not null and given is not null
    union all
    select run, workspace_id, 1, null, 'run.plan_ready', jsonb_build_object('version', version) || (given -> 'ready'), null, null, null
    from k where total is not null and given is not null
    union all
    select run, workspace_id, 2, null, 'run.started', jsonb_build_object('planVersion', version, 'tasks', total), null, null, null
    from k where total is not null
    union all
    select run_id, workspace_id, 3, idx, 'task.ready', jsonb_build_object('role', role), null, null, null from roots),
  moved as (
    update flotilla.runs r set resume_to = case when r.status = 'paused' then 'executing' end,
      status = case when r.status = 'paused' then r.status else 'executing' end,
      expanded = true, holder = null, due = null, tries = 0, plan_version = m.version, total = m.total, todo = m.total,
      seq = r.seq + m.n, started_at = coalesce(r.started_at, ts),
      deadline = coalesce(r.started_at, ts) + (select (budget ->> 'seconds')::float8 * interval '1 s' from flotilla.run_specs where run_id = r.id)
    from (select run_id, min(version) as version, min(total) as total, count(type) as n from told group by run_id limit many) m
    where r.id = any (array[m.run_id]) and m.total is not null),
  logged as (
    insert into flotilla.events (run_id, seq, workspace_id, idx, type, at, data)
    select run_id, first + n - 1, workspace_id, idx, type, ts, data from (
      select *, first_value(seq) over run as first, row_number() over run as n from told window run as (partition by run_id order by rank, idx)) e
    where type is not null and first is not null)
  select json_agg(run) into done from k;
  return done;
end $$;

-- The ends of runs, each {run, fence, status, spec, event}: what stands in "spec" (result, quality, report, error, simulated), with
-- its last event. Answers [run, fence] of those that it ended: the others' fence is lost, or they had ended already.
create function flotilla.finish_runs(p_runs jsonb) returns json language plpgsql volatile
${BY_KEY}
as $$
declare
  many int := 1000000; ts timestamptz; done json;
begin
  perform from flotilla.runs where id = any (array(select run from jsonb_to_recordset(p_runs) x(run bigint))) order by id for no key update;
  ts := clock_timestamp();
  with x as (
    select * from jsonb_to_recordset(p_runs) x(run bigint, fence int, status text, spec jsonb, event jsonb) limit many),
  ended as (
    update flotilla.runs r set status = x.status, live = false, holder = null, due = null, finished_at = ts, seq = r.seq + 1
    from x where r.id = any (array[x.run]) and case when r.live and r.fence = x.fence then r.status = 'verifying' end
    returning r.id, r.fence, r.workspace_id, r.seq, r.status, x.spec, x.event),
  told as (
    update flotilla.run_specs s set result = nullif(e.spec -> 'result', 'null'), quality = nullif(e.spec -> 'quality', 'null'),
      report = e.spec -> 'report', error = nullif(e.spec -> 'error', 'null'), simulated = (e.spec ->> 'simulated')::boolean
    from (select * from ended limit many) e where s.run_id = any (array[e.id])),
  logged as (
    insert into flotilla.events (run_id, seq, workspace_id, idx, type, at, data)
    select id, seq, workspace_id, null, 'run.' || status, ts, event from ended)
  select json_agg(json_build_array(id, fence)) into done from ended;
  return done;
end $$;

-- Adds what finished runs say of their agents to the statistics, once: the runs are marked in the same statement, and what was
-- learned from already counts for nothing. Each row of the statistics is written once, however many runs there are.
create function flotilla.learn_runs(p_run bigint[], p_deltas jsonb) returns void language plpgsql volatile as $$
begin
  perform from flotilla.runs where id = any (p_run) order by id for no key update;
  with u as (
    update flotilla.runs set learned = true where id = any (p_run) and not live and not learned returning id, workspace_id)
  insert into flotilla.agent_stats as s (workspace_id, task_type, role, agent_id, model, runs, successes, scored, score_sum, latency_sum_ms, tokens_sum, cost_sum)
  select u.workspace_id, d."taskType", d.role, a.id, d.model, sum(d.runs), sum(d.successes), sum(d.scored), sum(d."scoreSum"),
    sum(d."latencyMsSum"), sum(d."tokensSum"), sum(d."costUsdSum")
  from jsonb_to_recordset(p_deltas) d("runId" bigint, "taskType" text, role text, "agentId" text, model text, runs int, successes int,
      scored int, "scoreSum" float8, "latencyMsSum" float8, "tokensSum" float8, "costUsdSum" float8)
    join u on u.id = d."runId"
    cross join lateral (select id from flotilla.agents where uid = d."agentId" and workspace_id = u.workspace_id offset 0) a
  group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5
  on conflict (workspace_id, task_type, role, agent_id, model) do update set
    runs = s.runs + excluded.runs, successes = s.successes + excluded.successes, scored = s.scored + excluded.scored,
    score_sum = s.score_sum + excluded.score_sum, latency_sum_ms = s.latency_sum_ms + excluded.latency_sum_ms,
    tokens_sum = s.tokens_sum + excluded.tokens_sum, cost_sum = s.cost_sum + excluded.cost_sum, updated_at = clock_timestamp();
end $$;
`
