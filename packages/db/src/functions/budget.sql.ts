import { DIMENSIONS, each, limitedAccounts, of, to } from './budget-columns.ts'
import { PLAN } from './settings.ts'

/**
 * Money. A call is admitted by holding what it may use at most on the accounts of its task, its run, what the run draws on, and
 * the workspace's month, or on none. All take arrays, so that a batch is one commit. Locks: run rows in id order, as the step
 * does, then accounts in id order. A fence moves only under its run's lock, so that it holds still while a call is admitted.
 */
export const BUDGET = /* sql */ `
-- Opens the account of a run, or of a task and its run, where it is missing. Answers the accounts that it draws on, itself
-- first, without the month's. The caller holds the run's lock.
create function flotilla.open_budget(p_run bigint, p_idx int) returns bigint[] language plpgsql volatile as $$
declare
  p bigint[]; b record; made bigint;
begin
  if p_idx is null then select path into p from flotilla.budgets where level = 'run' and run_id = p_run;
  else select path into p from flotilla.budgets where level = 'task' and run_id = p_run and idx = p_idx; end if;
  if found then return p; end if;
  if p_idx is null then
    -- seconds of a run are wall time, which calls side by side do not add up to: its deadline
    select r.workspace_id, s.budget - 'seconds' as limits, (select path from flotilla.budgets where id = r.draws_on) as above into b
    from flotilla.runs r left join flotilla.run_specs s on s.run_id = r.id where r.id = p_run;
  else
    p := flotilla.open_budget(p_run, null);
    select s.workspace_id, s.spec -> 'budget' as limits, p as above into b from flotilla.task_specs s where s.run_id = p_run and s.idx = p_idx;
  end if;
  if not found then return null; end if;
  made := nextval('flotilla.budgets_id_seq');
  p := made || coalesce(b.above, '{}');
  insert into flotilla.budgets (id, workspace_id, level, run_id, idx, path, ${each((d) => `${d.column}_limit`, ', ')})
  values (made, b.workspace_id, case when p_idx is null then 'run' else 'task' end, p_run, p_idx, p,
    ${each((d) => `(b.limits ->> '${d.field}')::${d.type}`)});
  return p;
end $$;

-- The same for many tasks, in one statement for those whose runs have an account. Answers all accounts that they draw on.
create function flotilla.open_budgets(p_run bigint[], p_idx int[]) returns bigint[] language plpgsql volatile as $$
declare
  many int := 1000000;
  x bigint; accounts bigint[];
begin
  for x in select distinct k.run_id from unnest(p_run) k(run_id) where not exists (
    select from flotilla.budgets b where b.level = 'run' and b.run_id = k.run_id offset 0) loop -- offset: asked for each by key, not joined
    perform flotilla.open_budget(x, null);
  end loop;
  insert into flotilla.budgets (id, workspace_id, level, run_id, idx, path, ${each((d) => `${d.column}_limit`, ', ')})
  select k.id, s.workspace_id, 'task', k.run_id, k.idx, k.id || b.path, ${each((d) => `(s.spec -> 'budget' ->> '${d.field}')::${d.type}`, ', ')}
  from (select nextval('flotilla.budgets_id_seq') as id, k.run_id, k.idx from (
      select distinct k.run_id, k.idx from unnest(p_run, p_idx) k(run_id, idx) where k.idx is not null and not exists (
        select from flotilla.budgets b where b.level = 'task' and b.run_id = k.run_id and b.idx = k.idx offset 0)) k limit many) k
    cross join lateral (select b.path from flotilla.budgets b where b.level = 'run' and b.run_id = k.run_id offset 0) b
    join flotilla.task_specs s on s.run_id = any (array[k.run_id]) and s.idx = k.idx;
  select array_agg(distinct a.id) into accounts
  from (select * from unnest(p_run, p_idx) k(run_id, idx) limit many) k
    cross join lateral unnest(coalesce(
      (select b.path from flotilla.budgets b where b.level = 'task' and b.run_id = k.run_id and b.idx = k.idx),
      (select b.path from flotilla.budgets b where b.level = 'run' and b.run_id = k.run_id))) a(id);
  return coalesce(accounts, '{}');
end $$;

-- The account of a workspace's month. Who comes second waits for the first one's commit.
create function flotilla.open_month(p_workspace bigint, ts timestamptz) returns bigint language plpgsql volatile as $$
declare
  m date := date_trunc('month', ts at time zone 'UTC'); made bigint;
begin
  select id into made from flotilla.budgets where level = 'workspace' and workspace_id = p_workspace and month = m;
  if found then return made; end if;
  made := nextval('flotilla.budgets_id_seq');
  insert into flotilla.budgets (id, workspace_id, level, month, path, ${each((d) => `${d.column}_limit`, ', ')})
  select made, id, 'workspace', m, array[made], ${each((d) => `(budget ->> '${d.field}')::${d.type}`)}
  from flotilla.workspaces where id = p_workspace
  on conflict (workspace_id, month) where level = 'workspace' do nothing;
  select id into made from flotilla.budgets where level = 'workspace' and workspace_id = p_workspace and month = m;
  return made;
end $$;

-- Whether a claim may make a call of this kind now: null, or why not. The caller holds the run's lock.
create function flotilla.call_refusal(p_run bigint, p_idx int, p_fence int, p_kind text, ts timestamptz) returns text language plpgsql volatile as $$
declare
  r record;
begin
  select status, live, fence, deadline into r from flotilla.runs where id = p_run;
  if r.status = 'cancelled' then return 'cancelled'; end if;
  if r.live is not true then return 'ended'; end if;
  if p_idx is null and r.fence <> p_fence or p_idx is not null and not exists (
    select from flotilla.tasks t where t.run_id = p_run and t.idx = p_idx and t.fence = p_fence and t.status in ('in_progress', 'verifying'))
    then return 'fence_lost'; end if;
  -- the tool calls of a turn belong to the turn, which a pause lets end
  if r.status = 'paused' then return case when p_kind <> 'tool' then 'paused' end; end if;
  if r.deadline <= ts then return 'out_of_time'; end if;
  return null;
end $$;

-- Admits calls, each held at every level or at none: all of them together where they fit together, else one after the other, in
-- the order given. Of a call that is held already under this fence it says so again, so that a repetition is harmless. Answers for
-- each an object: status, with "budget" what stopped it, and the accounts with a limit as they are then. "told" in what is asked:
-- that the call was made cheaper, and why; the run is told once it is held.
create function flotilla.reserve_calls(p_run bigint[], p_idx int[], p_fence int[], p_key text[], p_ask jsonb[]) returns json
language plpgsql volatile ${PLAN} as $$
declare
  ts timestamptz; answers json[] := '{}'; answer json; i int; workspaces bigint[]; workspace bigint; all_accounts bigint[];
begin
  select coalesce(array_agg(distinct r.workspace_id), '{}') into workspaces
  from (select workspace_id from flotilla.runs where id = any (p_run) order by id for no key update) r;
  ts := clock_timestamp();
  -- runs' own accounts before the months': whoever waits for another's new month holds no account
  all_accounts := flotilla.open_budgets(p_run, p_idx);
  foreach workspace in array workspaces loop
    all_accounts := all_accounts || flotilla.open_month(workspace, ts);
  end loop;
  perform from flotilla.budgets where id = any (all_accounts) order by id for no key update;

  answer := flotilla.reserve_together(p_run, p_idx, p_fence, p_key, p_ask, ts);
  if answer is not null then return answer; end if;
  if cardinality(p_run) = 1 then return json_build_array(flotilla.refusal_of_call(p_run[1], p_idx[1], p_fence[1], p_key[1], p_ask[1], ts)); end if;
  for i in 1 .. cardinality(p_run) loop
    answer := flotilla.reserve_together(p_run[i:i], p_idx[i:i], p_fence[i:i], p_key[i:i], p_ask[i:i], ts) -> 0;
    answers := answers || coalesce(answer, flotilla.refusal_of_call(p_run[i], p_idx[i], p_fence[i], p_key[i], p_ask[i], ts));
  end loop;
  return array_to_json(answers);
end $$;

-- What a call is held on: the accounts of its task and run, as they are open, and of the month at ts.
create function flotilla.accounts_of(p_run bigint, p_idx int, p_workspace bigint, ts timestamptz) returns bigint[] language plpgsql volatile as $$
begin
  return coalesce(
    (select path from flotilla.budgets where level = 'task' and run_id = p_run and idx = p_idx),
    (select path from flotilla.budgets where level = 'run' and run_id = p_run))
    || (select id from flotilla.budgets where level = 'workspace' and workspace_id = p_workspace
      and month = date_trunc('month', ts at time zone 'UTC')::date);
end $$;

-- Holds all of these calls, or none and answers null: where one may not be made, is known already, or they do not fit together.
-- The caller holds the runs and their accounts. Each account is written once, however many calls there are.
create function flotilla.reserve_together(p_run bigint[], p_idx int[], p_fence int[], p_key text[], p_ask jsonb[], ts timestamptz) returns json
language plpgsql volatile as $$
declare
  many int := 1000000;
  held record; limited boolean;
begin
  with q as materialized (
    select q.*, r.workspace_id, r.deadline, flotilla.call_refusal(q.run_id, q.idx, q.fence, q.ask ->> 'kind', ts) as refusal,
      flotilla.accounts_of(q.run_id, q.idx, r.workspace_id, ts) as accounts
    from (select * from unnest(p_run, p_idx, p_fence, p_key, p_ask) with ordinality as q(run_id, idx, fence, key, ask, n) limit many) q
      join flotilla.runs r on r.id = any (array[q.run_id])),
  asked as materialized (
    select a.id, ${each((d) => `sum(${of('q.ask', d)}) as ${d.column}`, ', ')} from q, unnest(q.accounts) a(id) group by a.id),
  fits as materialized (
    select count(*) = cardinality(p_run) and count(distinct (run_id, key)) = count(*) and bool_and(refusal is null)
      and not exists (select from q k join flotilla.budget_calls c on c.run_id = any (array[k.run_id]) and c.key = k.key)
      and not exists (
        select from (select * from asked limit many) a join flotilla.budgets b on b.id = any (array[a.id])
        where (${each((d) => `(a.${d.column} > 0 and b.${d.column}_settled + b.${d.column}_reserved + a.${d.column} > b.${d.column}_limit)`, ' or ')})) as all_of_it
    from q),
  b as (
    update flotilla.budgets b set ${each((d) => `${d.column}_reserved = b.${d.column}_reserved + a.${d.column}`)}
    from (select asked.* from asked, fits where all_of_it limit many) a where b.id = any (array[a.id])),
  l as (
    insert into flotilla.budget_calls (run_id, key, workspace_id, idx, fence, kind, name, purpose, status, accounts, reserved_at, ${each((d) => `${d.column}_reserved`, ', ')})
    select run_id, key, workspace_id, idx, fence, ask ->> 'kind', ask ->> 'name', ask ->> 'purpose', 'reserved', accounts, ts, ${each((d) => of('ask', d))}
    from q, fits where all_of_it)
  select array_agg(n order by n) as n, array_agg(floor(extract(epoch from deadline - ts) * 1000) order by n) as left_ms,
    array_agg(workspace_id order by n) as workspaces, json_agg(accounts order by n) as accounts into held
  from q, fits where all_of_it;
  if held.n is null then return null; end if;

  perform flotilla.append_event(q.run_id, q.workspace_id, q.idx, 'budget.degraded', q.ask -> 'told', ts)
  from unnest(p_run, held.workspaces, p_idx, p_ask) with ordinality as q(run_id, workspace_id, idx, ask, n)
  where q.ask ? 'told' order by q.n;
  select exists (
    select from (select distinct a::bigint as id from json_array_elements(held.accounts) h, json_array_elements_text(h) a limit many) a
      join flotilla.budgets b on b.id = any (array[a.id])
    where coalesce(${each((d) => `b.${d.column}_limit`, ', ')}) is not null) into limited;
  return (
    select json_agg(json_build_object('status', 'admitted', 'leftMs', h.left_ms, 'accounts', case when limited then
      flotilla.limited_accounts(array(select json_array_elements_text(held.accounts -> (h.n - 1)::int)::bigint)) end) order by h.n)
    from unnest(held.left_ms) with ordinality as h(left_ms, n));
end $$;

-- Why a call is not admitted, or that it is already.
create function flotilla.refusal_of_call(p_run bigint, p_idx int, p_fence int, p_key text, p_ask jsonb, ts timestamptz) returns json
language plpgsql volatile as $$
declare
  refusal text := flotilla.call_refusal(p_run, p_idx, p_fence, p_ask ->> 'kind', ts); c record; r record; accounts bigint[];
begin
  if refusal is not null then return json_build_object('status', refusal); end if;
  select status, fence into c from flotilla.budget_calls where run_id = p_run and key = p_key;
  if c.status = 'reserved' and c.fence = p_fence then return json_build_object('status', 'admitted'); end if;
  if c.status is not null then return json_build_object('status', case c.status when 'settled' then 'settled' else 'closed' end); end if;
  select * into r from flotilla.runs where id = p_run; -- not its workspace alone: before Postgres 18 that may be read from the index of all of them
  accounts := flotilla.accounts_of(p_run, p_idx, r.workspace_id, ts);
  return flotilla.budget_stop(accounts, p_ask)::jsonb || jsonb_build_object('accounts', flotilla.limited_accounts(accounts));
end $$;

-- The accounts that have any limit, in the order of the path; null where none has.
create function flotilla.limited_accounts(accounts bigint[]) returns json language plpgsql volatile as $$
declare
  many int := 1000000;
begin
  return (${limitedAccounts('accounts')});
end $$;

-- What stops a call: the first account, in the order of its path, and in it the first dimension, without the room. Null: it fits.
create function flotilla.budget_stop(accounts bigint[], ask jsonb) returns json language plpgsql volatile as $$
declare
  many int := 1000000;
begin
  return (
  select json_build_object('status', 'budget', 'level', b.level, 'dimension', d.name, 'limit', d.most, 'reserved', d.held, 'settled', d.spent, 'asked', d.asked)
  from (select * from unnest(accounts) with ordinality a(id, n) limit many) a join flotilla.budgets b on b.id = any (array[a.id])
    cross join lateral (values ${each((d) => `(${DIMENSIONS.indexOf(d)}, '${d.field}', b.${d.column}_limit::numeric, b.${d.column}_reserved::numeric, b.${d.column}_settled::numeric, ${of('ask', d)}::numeric)`, ', ')})
      d(place, name, most, held, spent, asked)
  where d.asked > 0 and d.spent + d.held + d.asked > d.most
  order by a.n, d.place limit 1);
end $$;

-- Other limits for an account: of a task, of a run, or, without a run, of a workspace from this month on. Null fields are without
-- a limit. One below what is spent and held stops the next call and none that is under way: what is there beyond it stands as
-- above. Answers null, or that there is no such account.
create function flotilla.limit_budget(p_workspace bigint, p_run bigint, p_idx int, limits jsonb) returns json language plpgsql volatile ${PLAN} as $$
declare
  account bigint;
begin
  perform from flotilla.runs where id = p_run for no key update;
  if p_run is null then
    account := flotilla.open_month(p_workspace, clock_timestamp());
  else
    account := (flotilla.open_budget(p_run, p_idx))[1];
  end if;
  if account is null then return json_build_object('status', 'not_found'); end if;
  update flotilla.budgets b set
    ${each((d) => `${d.column}_limit = ${to(d)}, ${d.column}_above = coalesce(greatest(0, b.${d.column}_settled + b.${d.column}_reserved - b.${d.column}_over - ${to(d)}), 0)`)},
    warned_at = case when ${each((d) => `coalesce(b.${d.column}_settled >= 0.8 * (limits ->> '${d.field}')::numeric, false)`, ' or ')} then b.warned_at end
  where id = account;
  if p_run is null then update flotilla.workspaces set budget = limits where id = p_workspace; end if;
  return null;
end $$;

-- A call that belongs to no run, such as an analysis before one: on the workspace's month alone. Answers as reserve_calls.
create function flotilla.reserve_month_call(p_workspace bigint, p_key text, ask jsonb) returns json language plpgsql volatile ${PLAN} as $$
declare
  ts timestamptz := clock_timestamp(); account bigint; stop json;
begin
  account := flotilla.open_month(p_workspace, ts);
  perform from flotilla.budgets where id = account for no key update;
  stop := flotilla.budget_stop(array[account], ask);
  if stop is not null then return stop::jsonb || jsonb_build_object('accounts', flotilla.limited_accounts(array[account])); end if;
  update flotilla.budgets b set
    ${each((d) => `${d.column}_reserved = b.${d.column}_reserved + ${of('ask', d)}`)}
  where id = account;
  insert into flotilla.budget_calls (run_id, key, workspace_id, idx, fence, kind, name, purpose, status, accounts, reserved_at, ${each((d) => `${d.column}_reserved`, ', ')})
  values (null, p_key, p_workspace, null, 0, ask ->> 'kind', ask ->> 'name', ask ->> 'purpose', 'reserved', array[account], ts, ${each((d) => of('ask', d))});
  return json_build_object('status', 'admitted', 'accounts', flotilla.limited_accounts(array[account]));
end $$;

create function flotilla.settle_month_call(p_workspace bigint, p_key text, actual jsonb) returns json language plpgsql volatile ${PLAN} as $$
declare
  c flotilla.budget_calls;
begin
  perform from flotilla.budgets where id = (
    select accounts[1] from flotilla.budget_calls where workspace_id = p_workspace and run_id is null and key = p_key) for no key update;
  select * into c from flotilla.budget_calls where workspace_id = p_workspace and run_id is null and key = p_key;
  return flotilla.end_call(c, actual, clock_timestamp());
end $$;

-- The same of calls without a run whose process has not ended them after so long that it must be gone.
create function flotilla.release_lost_month_calls(age interval) returns int language plpgsql volatile ${PLAN} as $$
declare
  c flotilla.budget_calls; done int := 0;
begin
  for c in select * from flotilla.budget_calls where run_id is null and status = 'reserved' and reserved_at < clock_timestamp() - age order by accounts loop
    perform from flotilla.budgets where id = any (c.accounts) for no key update;
    if flotilla.end_call((select l from flotilla.budget_calls l where l.run_id is null and l.workspace_id = c.workspace_id and l.key = c.key), null,
      clock_timestamp()) ->> 'status' = 'released' then
      update flotilla.budget_calls l set status = 'lost' where l.run_id is null and l.workspace_id = c.workspace_id and l.key = c.key;
      done := done + 1;
    end if;
  end loop;
  return done;
end $$;
`
