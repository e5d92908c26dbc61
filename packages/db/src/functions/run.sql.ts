/** What the holder of a run does to it, each in one statement: claim, record what came of planning, expand, finish, learn. */
export const RUN = /* sql */ `
-- Claims a run's planning (also its expansion after a start) or its finishing: nobody holds it, or the holder's lease ran out.
-- Answers the claim, or null: not ours to do. The new fence is what every later write of this claim is checked against.
create function flotilla.claim_run(p_run bigint, p_phase text, me text, lease interval) returns json language plpgsql volatile as $$
declare
  ts timestamptz; r record; n int; claim json;
begin
  select status, workspace_id, expanded, holder, due into r from flotilla.runs where id = p_run for no key update;
  ts := clock_timestamp();
  if not found or (r.holder is not null and (r.due < ts) is not true) then return null; end if;
  if not (case p_phase when 'finish' then r.status = 'verifying'
    else r.status in ('created', 'planning') or (r.status = 'executing' and not r.expanded) end) then return null; end if;
  update flotilla.runs set status = case status when 'created' then 'planning' else status end, holder = me, fence = fence + 1,
    tries = tries + 1, due = ts + lease, seq = seq + (r.status = 'created')::int
  where id = p_run
  returning seq, json_build_object('runId', id, 'uid', uid, 'workspaceId', workspace_id, 'fence', fence, 'status', status,
    'autoStart', auto_start, 'expanded', expanded, 'planVersion', plan_version, 'priority', priority, 'tries', tries) into n, claim;
  if r.status = 'created' then
    insert into flotilla.events (run_id, seq, workspace_id, idx, type, at, data)
    values (p_run, n, r.workspace_id, null, 'run.planning', ts, jsonb_build_object('worker', me));
  end if;
  return claim;
end $$;

-- Claims the planning of the run whose turn it is when this one was asked for: of the workspace with the fewest in planning for its
-- weight, the first by priority, then by age. As many are asked for as wait, so that whoever is
-- passed by has the turn of another, also of one that is planned already. A run that is not new, since its planner was lost or
-- it was started, is taken up at once. Planners ask one after the other: no two have the same in mind, and none that asks for many
-- waits for the other. Answers the claim with what planning starts from, or null: nothing to do.
create function flotilla.claim_planning(p_asked bigint, me text, lease interval) returns json language plpgsql volatile as $$
declare
  next bigint; claim json;
begin
  perform pg_advisory_xact_lock(hashtext('flotilla.planners'));
  if exists (select from flotilla.runs where id = p_asked
    and ((status = 'planning' and (holder is null or due < clock_timestamp())) or (status = 'executing' and not expanded))) then next := p_asked;
  else
    select r.id into next
    from flotilla.workspaces w
      cross join lateral (
        select id from flotilla.runs where workspace_id = w.id and status = 'created' order by priority desc, id limit 1) r
      cross join lateral (
        select count(*) as n from flotilla.runs where workspace_id = w.id and status = 'planning' and holder <> '') p
    order by p.n / w.weight::float8, r.id limit 1;
  end if;
  claim := flotilla.claim_run(next, 'plan', me, lease);
  return case when claim is not null then json_build_object('claim', claim, 'record', flotilla.planning_record(next)) end;
end $$;

-- What planning starts from: PlanningRecord of plan-reads.ts. Null: the run is gone.
create function flotilla.planning_record(p_run bigint) returns json language plpgsql stable as $$
begin
  return (select to_json(x) from (
    select s.goal, s.inputs, s.mode, s.budget - 'onExceeded' as budget, coalesce(s.budget ->> 'onExceeded', 'fail') as "onExceeded", s.collection_id as "collectionId",
      coalesce((select jsonb_agg(jsonb_build_object('name', d.name, 'lines', d.lines, 'sizeBytes', d.size_bytes, 'mediaType', d.media_type, 'pages', d.pages,
        'heading', substring(left(d.content, 4000) from '(?n)^#{1,6}[ \t]+(.{1,200})')) order by d.n)
        from flotilla.documents d where d.collection_id = s.collection_id), '[]') as documents,
      (select jsonb_build_object('version', p.version, 'madeBy', p.made_by, 'tasks', p.tasks, 'result', p.result)
        from flotilla.plans p where p.run_id = r.id and p.version = r.plan_version) as plan
    from flotilla.runs r join flotilla.run_specs s on s.run_id = r.id where r.id = p_run) x);
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

-- Tasks of a plan as rows, all of it or a page; those that wait for nothing are ready. False: the fence is lost, the run has
-- ended, or it is expanded already.
create function flotilla.insert_tasks(p_run bigint, p_fence int, p_tasks jsonb) returns boolean language plpgsql volatile as $$
declare
  r flotilla.runs := flotilla.claimed_run(p_run, p_fence);
begin
  if r.id is null or r.expanded then return false; end if;
  insert into flotilla.tasks (run_id, idx, workspace_id, role, priority, status, due, deps, outs, start_within, optional)
  select p_run, x.idx, r.workspace_id, x.role, r.priority, case when cardinality(x.deps) = 0 then 'ready' else 'pending' end,
    case when x.parked then 'infinity' when cardinality(x.deps) = 0 then clock_timestamp() + interval '3 s' end, x.deps, x.outs, x.start_within, coalesce(x.optional, false)
  from jsonb_to_recordset(p_tasks) x(idx int, role text, deps int[], outs int[], start_within int, optional boolean, parked boolean);
  insert into flotilla.task_specs (run_id, idx, workspace_id, key, title, type, spec, agent_id, agent_name, model, selection)
  select p_run, x.idx, r.workspace_id, x.key, x.title, x.type, x.spec, x.agent_id, x.agent_name, x.model, x.selection
  from jsonb_to_recordset(p_tasks)
    x(idx int, key text, title text, type text, spec jsonb, agent_id bigint, agent_name text, model text, selection jsonb);
  return true;
end $$;

-- The last page of a plan, and the start: run.started, then task.ready of each root, with the run's next numbers. Roots need no
-- wake-up from here: their due has them woken. A run that is paused meanwhile stays so: the resume wakes them. "p_given" is of a plan
-- that came with the request, and is recorded in the same go: analysis, dispatch, simulated, and analyzed and ready for their events;
-- null where it stands in the record. False: as insert_tasks, or nobody has started the run yet.
create function flotilla.start_run(p_run bigint, p_fence int, p_given jsonb, p_version int, p_tasks jsonb, p_total int) returns boolean
language plpgsql volatile as $$
declare
  ts timestamptz; r record; roots int; told int := case when p_given is null then 0 else 2 end;
begin
  if p_given is not null and not (flotilla.claimed_run(p_run, p_fence)).auto_start then return false; end if;
  if not flotilla.insert_tasks(p_run, p_fence, p_tasks) then return false; end if;
  ts := clock_timestamp();
  if p_given is not null then
    update flotilla.run_specs set analysis = p_given -> 'analysis', dispatch = p_given -> 'dispatch', simulated = (p_given ->> 'simulated')::boolean
    where run_id = p_run;
  end if;
  select count(*)::int into roots from flotilla.tasks where run_id = p_run and status = 'ready';
  update flotilla.runs set resume_to = case when status = 'paused' then 'executing' end,
    status = case when status = 'paused' then status else 'executing' end,
    expanded = true, holder = null, due = null, tries = 0, plan_version = p_version, total = p_total, todo = p_total,
    seq = seq + told + 1 + roots, started_at = coalesce(started_at, ts),
    deadline = coalesce(started_at, ts) + (select (budget ->> 'seconds')::float8 * interval '1 s' from flotilla.run_specs where run_id = p_run)
  where id = p_run returning workspace_id, seq - roots as started into r;
  insert into flotilla.events (run_id, seq, workspace_id, idx, type, at, data)
  select p_run, r.started - 2, r.workspace_id, null::int, 'run.analyzed', ts, p_given -> 'analyzed' where told > 0
  union all
  select p_run, r.started - 1, r.workspace_id, null, 'run.plan_ready', ts, jsonb_build_object('version', p_version) || (p_given -> 'ready') where told > 0
  union all
  select p_run, r.started, r.workspace_id, null, 'run.started', ts, jsonb_build_object('planVersion', p_version, 'tasks', p_total)
  union all
  select p_run, r.started + row_number() over (order by idx), r.workspace_id, idx, 'task.ready', ts, jsonb_build_object('role', role)
  from flotilla.tasks where run_id = p_run and status = 'ready';
  return true;
end $$;

-- The ends of runs, each {run, fence, status, spec, event}: what stands in "spec" (result, quality, report, error, simulated), with
-- its last event. Answers [run, fence] of those that it ended: the others' fence is lost, or they had ended already.
create function flotilla.finish_runs(p_runs jsonb) returns json language plpgsql volatile
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set enable_bitmapscan = off set jit = off
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
    from x where r.id = any (array[x.run]) and r.live and r.fence = x.fence and r.status = 'verifying'
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
