import { limitedAccounts } from './budget-columns.ts'
import { ofDependencies } from './dependencies.ts'

/** The earlier output of its own that a revision or a judge reads. */
const OWN_OUTPUT = `,
        case when t.revisions > 0 then (
          select json_build_object('attempt', v.attempt, 'verdict', json_build_object('decision', v.decision, 'score', v.score, 'findings', v.findings), 'output', o.output)
          from flotilla.verdicts v join flotilla.outputs o on o.run_id = v.run_id and o.idx = v.idx and o.attempt = v.attempt
          where v.run_id = t.run_id and v.idx = t.idx and v.decision = 'revise' order by v.attempt desc limit 1) end as revision,
        case when t.status = 'verifying' then (
          select json_build_object('output', o.output, 'findings', o.findings, 'failures', t.judge_failures,
            'answeredBy', array(select u.model from flotilla.turns u where u.run_id = t.run_id and u.idx = t.idx and u.attempt = t.attempt order by u.turn)) from flotilla.outputs o
          where o.run_id = t.run_id and o.idx = t.idx and o.attempt = t.attempt) end as candidate`

const records = (more: string): string => `(select json_agg(x) from (
      select k.n, t.run_id as "runId", t.idx, t.workspace_id as "workspaceId", r.uid as "runUid", r.priority, rs.goal, rs.inputs,
        rs.budget - 'onExceeded' as "runBudget",
        coalesce(rs.budget ->> 'onExceeded', 'fail') as "onExceeded", t.wait,
        (select json_build_object('ofTask', o.level = 'task', 'accounts', (${limitedAccounts(`o.path || array(
            select m.id from flotilla.budgets m where m.workspace_id = t.workspace_id and m.level = 'workspace' and m.month = this_month)`)}))
          from flotilla.budgets o where o.id = coalesce(
            (select w.id from flotilla.budgets w where w.level = 'task' and w.run_id = t.run_id and w.idx = t.idx),
            (select w.id from flotilla.budgets w where w.level = 'run' and w.run_id = t.run_id))) as money,
        rs.collection_id as "collectionId", s.key, s.title, s.type, s.spec, s.model,
        (select json_build_object('id', a.uid, 'name', a.name, 'description', a.description, 'system_prompt', a.system_prompt, 'tools', a.tools,
            'max_turns', a.max_turns, 'max_output_tokens', a.max_output_tokens, 'model_settings', a.model_settings)
          from flotilla.agents a where a.workspace_id = t.workspace_id and a.id = s.agent_id) as agent,
        coalesce((select json_agg(json_build_object('key', ds.key, 'title', ds.title, 'role', d.role, 'output', o.output) order by d.idx)
          from unnest(t.deps) u(idx)
          cross join lateral (select x.idx, x.role, x.attempt from flotilla.tasks x
            where x.run_id = t.run_id and x.idx = u.idx and x.status = 'completed' offset 0) d
          cross join lateral (select x.output from flotilla.outputs x where x.run_id = t.run_id and x.idx = d.idx and x.attempt = d.attempt offset 0) o
          cross join lateral (select x.key, x.title from flotilla.task_specs x where x.run_id = t.run_id and x.idx = d.idx offset 0) ds), '[]') as dependencies,
        coalesce((select json_agg(json_build_object('name', x.name, 'lines', x.lines, 'sizeBytes', x.size_bytes, 'mediaType', x.media_type, 'pages', x.pages) order by x.n)
          from flotilla.documents x where x.collection_id = rs.collection_id), '[]') as documents${more}
      from (select * from unnest(p_run, p_idx) with ordinality as k(run_id, idx, n) limit many) k
        join flotilla.tasks t on t.run_id = any (array[k.run_id]) and t.idx = k.idx
        join flotilla.runs r on r.id = any (array[t.run_id])
        join flotilla.run_specs rs on rs.run_id = any (array[t.run_id])
        join flotilla.task_specs s on s.run_id = any (array[t.run_id]) and s.idx = t.idx
      where most is null or (t.status <> 'verifying' and t.revisions = 0
        and most >= pg_column_size(rs.goal) + pg_column_size(rs.inputs) + pg_column_size(s.spec) + case when cardinality(t.deps) = 0 then 0 else (
          select coalesce(sum(d.bytes), 0) from ${ofDependencies('t', 'outputs', 'pg_column_size(output) as bytes')}) end)) x)`

/** What attempts and judges start from. */
export const RECORD = /* sql */ `
-- Of these tasks an array of objects, each with its place as n: TaskRecord of brief.ts. Those that are gone are not among them. With
-- "most", nor are those of more than so many bytes as they are stored, and those that read an earlier output of their own.
create function flotilla.task_records(p_run bigint[], p_idx int[], most int) returns json language plpgsql volatile as $$
declare
  many int := 1000000;
  this_month date := date_trunc('month', clock_timestamp() at time zone 'UTC');
begin
  if most is not null then return ${records(`, null as revision, null as candidate`)}; end if;
  return ${records(OWN_OUTPUT)};
end $$;
`
