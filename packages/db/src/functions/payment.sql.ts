import { each, of } from './budget-columns.ts'
import { PLAN } from './settings.ts'

/** Of a call l: its claim cannot end it any more, or only late. In place, since a function that asks the tables is called anew for each. */
const LOST = /* sql */ `not exists (
        select from flotilla.runs c where c.id = any (array[l.run_id]) and case when not c.live then false when l.idx is null then c.fence = l.fence else exists (
          select from flotilla.tasks t where t.run_id = any (array[c.id]) and t.idx = l.idx and t.fence = l.fence and t.status in ('in_progress', 'verifying')) end)`

/** Changes call c, of a run or of a month: by the key of either, since a condition that holds for both goes through all calls. */
const changeCall = (set: string): string => /* sql */ `
  if c.run_id is null then
    update flotilla.budget_calls set ${set} where run_id is null and workspace_id = c.workspace_id and key = c.key;
  else
    update flotilla.budget_calls set ${set} where run_id = c.run_id and key = c.key;
  end if;`

/** What calls used takes the place of what was held for them: of those that end, and of those whose claim is gone. */
export const PAYMENT = /* sql */ `
-- Ends calls: with what they used, or with null where the provider was never reached. What was held goes back, and what was used is charged
-- at every level, also where that passes a limit: a limit stops calls, and hides nothing of what they have cost. What was used and
-- not held stands as over with the call and its accounts. Usage that comes in after a call was given up as lost is charged too. "usage" and "parts" tell of what kinds tokens and costs were, "estimated" that the provider did not say. No fence: what was spent was spent. Answers for each an object: status (settled, released,
-- already, unknown), charged, over, and the accounts that have passed 80 % now.
create function flotilla.settle_calls(p_run bigint[], p_key text[], p_actual jsonb[]) returns json
language plpgsql volatile ${PLAN} as $$
declare
  ts timestamptz; answers json[] := '{}'; answer json; i int; c flotilla.budget_calls;
begin
  perform from flotilla.runs where id = any (p_run) order by id for no key update;
  ts := clock_timestamp();
  perform from flotilla.budgets where id = any (array(
    select unnest(l.accounts) from unnest(p_run, p_key) k(run_id, key) join flotilla.budget_calls l on l.run_id = any (array[k.run_id]) and l.key = k.key))
  order by id for no key update;

  answer := flotilla.settle_together(p_run, p_key, p_actual, ts);
  if answer is not null then return answer; end if;
  for i in 1 .. cardinality(p_run) loop
    answer := flotilla.settle_together(p_run[i:i], p_key[i:i], p_actual[i:i], ts) -> 0;
    if answer is null then
      select * into c from flotilla.budget_calls where run_id = p_run[i] and key = p_key[i];
      answer := flotilla.end_call(c, p_actual[i], ts);
    end if;
    answers := answers || answer;
  end loop;
  return array_to_json(answers);
end $$;

-- Ends all of these calls with what they used, or none and answers null: where one is not held, or was not made. The caller holds
-- their accounts, each of which is written once.
create function flotilla.settle_together(p_run bigint[], p_key text[], p_actual jsonb[], ts timestamptz) returns json
language plpgsql volatile as $$
declare
  many int := 1000000;
  paid record; warns boolean;
begin
  with q as materialized (
    select k.n, k.used, l.run_id, l.idx, l.key, l.accounts,
      ${each((d) => `l.${d.column}_reserved, ${of('k.used', d)} as ${d.column}, greatest(0, ${of('k.used', d)} - l.${d.column}_reserved) as ${d.column}_over`)}
    from (select * from unnest(p_run, p_key, p_actual) with ordinality as k(run_id, key, used, n) limit many) k
      -- apart from its status: the index of all open calls would be walked for it
      cross join lateral (select * from flotilla.budget_calls l where l.run_id = k.run_id and l.key = k.key offset 0) l
    where l.status = 'reserved' and k.used is not null),
  whole as materialized (
    select count(*) = cardinality(p_run) and count(distinct (run_id, key)) = count(*) as all_of_it from q),
  charged as materialized (
    select a.id, ${each((d) => `sum(q.${d.column}_reserved) as ${d.column}_reserved, sum(q.${d.column}) as ${d.column}, sum(q.${d.column}_over) as ${d.column}_over`)}
    from q, unnest(q.accounts) a(id) group by a.id),
  b as (
    update flotilla.budgets b set
      ${each((d) => `${d.column}_reserved = b.${d.column}_reserved - c.${d.column}_reserved, ${d.column}_settled = b.${d.column}_settled + c.${d.column}, ${d.column}_over = b.${d.column}_over + c.${d.column}_over`)}
    from (select charged.* from charged, whole where all_of_it limit many) c where b.id = any (array[c.id])),
  l as (
    update flotilla.budget_calls l set status = 'settled', ended_at = ts, usage = q.used -> 'usage', parts = q.used -> 'parts',
      estimated = coalesce((q.used ->> 'estimated')::boolean, false),
      ${each((d) => `${d.column}_charged = l.${d.column}_charged + q.${d.column}, ${d.column}_over = q.${d.column}_over`)}
    from (select q.* from q, whole where all_of_it limit many) q where l.run_id = any (array[q.run_id]) and l.key = q.key)
  select array_agg(run_id order by n) as run, array_agg(idx order by n) as idx, json_agg(accounts order by n) as accounts,
    json_agg(json_build_object(${each((d) => `'${d.field}', ${d.column}`, ', ')}) order by n) as charged,
    json_agg(json_build_object(${each((d) => `'${d.field}', ${d.column}_over`, ', ')}) order by n) as over into paid
  from q, whole where all_of_it;
  if paid.run is null then return null; end if;

  select exists (
    select from (select distinct a::bigint as id from json_array_elements(paid.accounts) h, json_array_elements_text(h) a limit many) a
      join flotilla.budgets b on b.id = any (array[a.id])
    where flotilla.is_nearly_spent(b)) into warns;
  return (
    select json_agg(json_build_object('status', 'settled', 'charged', paid.charged -> (p.n - 1)::int, 'over', paid.over -> (p.n - 1)::int,
      'warned', case when warns then flotilla.warn_budgets(p.run, p.idx,
        array(select json_array_elements_text(paid.accounts -> (p.n - 1)::int)::bigint), ts) else '[]' end) order by p.n)
    from unnest(paid.run, paid.idx) with ordinality as p(run, idx, n));
end $$;

-- 80 % of some limit of an account are spent, and nobody was told.
create function flotilla.is_nearly_spent(b flotilla.budgets) returns boolean language sql stable as $$
  select b.warned_at is null and (${each((d) => `(b.${d.column}_limit > 0 and b.${d.column}_settled >= 0.8 * b.${d.column}_limit)`, ' or ')})
$$;

-- Ends one call; its accounts are locked. A lost tool call was counted already.
create function flotilla.end_call(c flotilla.budget_calls, actual jsonb, ts timestamptz) returns json language plpgsql volatile as $$
declare
  paid record; warned json; used jsonb := actual;
begin
  if c.key is null then return json_build_object('status', 'unknown'); end if;
  if c.status = 'settled' or (used is null and c.status <> 'reserved') then return json_build_object('status', 'already'); end if;
  if c.status = 'reserved' then
    update flotilla.budgets b set
      ${each((d) => `${d.column}_reserved = b.${d.column}_reserved - c.${d.column}_reserved`)}
    where id = any (c.accounts);
  end if;
  if used is null then
    ${changeCall("status = 'released', ended_at = ts")}
    return json_build_object('status', 'released');
  end if;
  if c.tool_calls_charged > 0 then used := used || '{"toolCalls": 0}'; end if;
  select ${each((d) => `${of('used', d)} as ${d.column}`, ', ')},
    ${each((d) => `greatest(0, ${of('used', d)} - case c.status when 'reserved' then c.${d.column}_reserved else 0 end) as ${d.column}_over`)}
  into paid;
  update flotilla.budgets b set
    ${each((d) => `${d.column}_settled = b.${d.column}_settled + paid.${d.column}, ${d.column}_over = b.${d.column}_over + paid.${d.column}_over`)}
  where id = any (c.accounts);
  ${changeCall(`status = 'settled', ended_at = ts, usage = used -> 'usage', parts = used -> 'parts',
    estimated = coalesce((used ->> 'estimated')::boolean, false),
    ${each((d) => `${d.column}_charged = ${d.column}_charged + paid.${d.column}, ${d.column}_over = paid.${d.column}_over`)}`)}
  warned := flotilla.warn_budgets(c.run_id, c.idx, c.accounts, ts);
  return json_build_object('status', 'settled', 'warned', warned,
    'charged', json_build_object(${each((d) => `'${d.field}', paid.${d.column}`, ', ')}),
    'over', json_build_object(${each((d) => `'${d.field}', paid.${d.column}_over`, ', ')}));
end $$;

-- Ends the calls that a write of their claim brings with it: an array of objects with key and used. The caller holds the run's lock.
create function flotilla.settle_with(p_run bigint, p_calls jsonb) returns void language plpgsql volatile as $$
begin
  if jsonb_array_length(p_calls) > 0 then
    perform flotilla.settle_calls(array_agg(p_run), array_agg(c ->> 'key'), array_agg(nullif(c -> 'used', 'null'))) from jsonb_array_elements(p_calls) c;
  end if;
end $$;

-- Marks accounts of which 80 % of some limit are spent, once, and tells the run of it while it lives.
create function flotilla.warn_budgets(p_run bigint, p_idx int, accounts bigint[], ts timestamptz) returns json language plpgsql volatile as $$
declare
  x record; told json[] := '{}'; r record; what jsonb;
begin
  for x in
    update flotilla.budgets b set warned_at = ts where id = any (accounts) and flotilla.is_nearly_spent(b)
    returning b.*
  loop
    select d.name, d.most, d.held, d.spent into r from (values
      ${each((d) => `('${d.field}', x.${d.column}_limit::numeric, x.${d.column}_reserved::numeric, x.${d.column}_settled::numeric)`, ', ')}) d(name, most, held, spent)
    where d.most > 0 order by d.spent / d.most desc limit 1;
    what := jsonb_build_object('level', x.level, 'dimension', r.name, 'limit', r.most, 'reserved', r.held, 'settled', r.spent,
      'share', round(r.spent / r.most, 4));
    told := told || what::json;
    perform flotilla.append_event(p_run, workspace_id, p_idx, 'budget.warning', what, ts) from flotilla.runs where id = p_run and live;
  end loop;
  return array_to_json(told);
end $$;

-- Gives back what is held for calls whose claim is gone, of n runs at most: their usage is unknown, unless it comes in yet. A tool
-- call that may have happened counts as one. Runs that a step holds are passed by. Answers how many calls.
create function flotilla.release_lost_calls(n int) returns int language plpgsql volatile ${PLAN} as $$
declare
  many int := 1000000;
  page bigint[]; lost text[]; lost_run bigint[]; x record; done int := 0;
begin
  select array_agg(id) into page from (
    select r.id from flotilla.runs r where r.id = any (array(
      select l.run_id from flotilla.budget_calls l where l.status = 'reserved' and (${LOST}) limit n))
    order by r.id for no key update skip locked) q;
  if page is null then return 0; end if;
  perform from flotilla.budgets where id = any (array(
    select unnest(l.accounts) from flotilla.budget_calls l where l.run_id = any (page) and l.status = 'reserved')) order by id for no key update;
  for x in
    update flotilla.budget_calls l set status = 'lost', ended_at = clock_timestamp(),
      tool_calls_charged = case l.kind when 'tool' then l.tool_calls_reserved else 0 end
    where l.run_id = any (page) and l.status = 'reserved' and (${LOST}) returning l.*
  loop
    update flotilla.budgets b set
      ${each((d) => `${d.column}_reserved = b.${d.column}_reserved - x.${d.column}_reserved`)},
      tool_calls_settled = b.tool_calls_settled + x.tool_calls_charged
    where id = any (x.accounts);
    done := done + 1;
  end loop;
  return done;
end $$;
`
