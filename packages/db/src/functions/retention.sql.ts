/**
 * What old runs lose. A run's row is marked first (`retention`), which requests see at once; its rows go after it in pieces.
 * Whoever holds the row's lock works on it, others pass it by; a piece that is rolled back or never comes leaves the mark, and
 * the next call goes on. Pieces are bounded by rows and by time, since a row may weigh 60 MB.
 */
export const RETENTION = /* sql */ `
-- All whose rows belong to a run.
create function flotilla.tables_of_runs() returns setof regclass language sql stable as $$
  select c.oid::regclass from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'run_id' and not a.attisdropped
  where c.relnamespace = 'flotilla'::regnamespace and c.relkind in ('r', 'p')
$$;

-- Most of them have no foreign key: a run that is deleted takes its rows along here.
create function flotilla.delete_with_runs() returns trigger language plpgsql volatile set enable_seqscan = off set jit = off as $$
declare
  x regclass; gone_run bigint;
begin
  for gone_run in select id from gone loop
    for x in select t from flotilla.tables_of_runs() t where t not in ( -- these have a foreign key
      select conrelid::regclass from pg_constraint where contype = 'f' and confrelid = 'flotilla.runs'::regclass) loop
      execute format('delete from %s where run_id = $1', x) using gone_run;
    end loop;
  end loop;
  return null;
end $$;
create or replace trigger delete_with_runs after delete on flotilla.runs referencing old table as gone
  for each statement execute function flotilla.delete_with_runs();

-- Deletes rows of a run from a table, up to so many of them or until the time is over; the first steps are small.
create function flotilla.delete_some(p_table regclass, p_run bigint, most int, until timestamptz) returns int
language plpgsql volatile set enable_seqscan = off set jit = off as $$
declare
  size int := 8; done int := 0; step int; want int;
begin
  while done < most and (done = 0 or clock_timestamp() < until) loop
    want := least(size, most - done);
    execute format('delete from %s where ctid = any (array(select ctid from %s where %s limit $2))', p_table, p_table,
      case when p_table in ('flotilla.documents'::regclass, 'flotilla.chunks'::regclass)
        then 'collection_id in (select id from flotilla.collections where run_id = $1)' else 'run_id = $1' end)
      using p_run, want;
    get diagnostics step = row_count;
    done := done + step;
    exit when step < want;
    size := size * 2;
  end loop;
  return done;
end $$;

-- A piece of a removed run: rows of every table that hangs on runs, then the run itself. Answers the rows; 0: nothing is left.
create function flotilla.remove_piece(p_run bigint, most int, until timestamptz) returns int
language plpgsql volatile as $$
declare
  x regclass; done int := 0;
begin
  for x in
    select t from (
      select 'flotilla.chunks'::regclass as t, 0 as place union all select 'flotilla.documents', 1
      union all select t, 2 from flotilla.tables_of_runs() t) p
    order by place, t
  loop
    done := done + flotilla.delete_some(x, p_run, most - done, until);
    if done >= most or (done > 0 and clock_timestamp() >= until) then return done; end if;
  end loop;
  if done = 0 then delete from flotilla.runs where id = p_run; end if;
  return done;
end $$;

-- A piece of a run that is thinned out: its tasks' events, what was sent and came back, and what tools answered. The run's own
-- events stay, the last one among them; so do usage, attempts, verdicts and outputs. What is small is not worth a new row
-- version; the stored size is asked for, so that nothing is read to find out. Answers the rows; 0: nothing is left.
create function flotilla.trim_piece(p_run bigint, most int, until timestamptz) returns int
language plpgsql volatile set enable_seqscan = off set jit = off as $$
declare
  size int := 8; done int := 0; step int;
begin
  while done < most and (done = 0 or clock_timestamp() < until) loop
    delete from flotilla.events where ctid = any (array(
      select ctid from flotilla.events where run_id = p_run and (idx is not null or type = 'run.progress') limit least(size, most - done)));
    get diagnostics step = row_count;
    if step = 0 then
      update flotilla.turns set request = 'null', reply = 'null', context = null where ctid = any (array(
        select ctid from flotilla.turns where run_id = p_run
          and (pg_column_size(request) > 16 or pg_column_size(reply) > 16 or context is not null) limit least(size, most - done)));
      get diagnostics step = row_count;
    end if;
    if step = 0 then
      update flotilla.planner_turns set request = 'null', reply = 'null' where ctid = any (array(
        select ctid from flotilla.planner_turns where run_id = p_run
          and (pg_column_size(request) > 16 or pg_column_size(reply) > 16) limit least(size, most - done)));
      get diagnostics step = row_count;
    end if;
    if step = 0 then
      update flotilla.tool_calls set result = null where ctid = any (array(
        select ctid from flotilla.tool_calls where run_id = p_run and result is not null limit least(size, most - done)));
      get diagnostics step = row_count;
    end if;
    exit when step = 0;
    done := done + step;
    size := size * 2;
  end loop;
  return done;
end $$;

-- One bounded piece of cleaning. Ages are null where nothing of the kind is ever old; what was begun is ended all the same.
create function flotilla.clean(runs_age interval, events_age interval, keys_age interval, most int) returns json
language plpgsql volatile set enable_seqscan = off set jit = off as $$
declare
  ts timestamptz := clock_timestamp();
  until timestamptz := ts + interval '250 ms';
  marks int := 50;
  x record; found_one boolean;
  marked int; thinned int; keys int; removed int := 0; trimmed int := 0; done int := 0; piece int;
begin
  -- learned: what is half gone teaches nothing
  update flotilla.runs set retention = 'removing', learned = true where id = any (array(
    select id from flotilla.runs where not live and retention is distinct from 'removing' and finished_at < ts - runs_age
    order by finished_at limit marks for update skip locked));
  get diagnostics marked = row_count;
  update flotilla.runs set retention = 'trimming' where id = any (array(
    select id from flotilla.runs where not live and retention is null and finished_at < ts - events_age
    order by finished_at limit marks for update skip locked));
  get diagnostics thinned = row_count;
  delete from flotilla.idempotency_keys where ctid = any (array(
    select ctid from flotilla.idempotency_keys where created_at < ts - keys_age order by created_at limit most for update skip locked));
  get diagnostics keys = row_count;

  loop
    select id, retention into x from flotilla.runs where retention in ('trimming', 'removing') order by id limit 1 for update skip locked;
    found_one := found;
    exit when not found_one;
    piece := case x.retention when 'removing' then flotilla.remove_piece(x.id, most - done, until) else flotilla.trim_piece(x.id, most - done, until) end;
    if piece = 0 then
      if x.retention = 'trimming' then update flotilla.runs set retention = 'trimmed' where id = x.id; trimmed := trimmed + 1;
      else removed := removed + 1; end if;
    end if;
    done := done + piece;
    exit when done >= most or clock_timestamp() >= until;
  end loop;
  return json_build_object('marked', marked + thinned, 'removed', removed, 'trimmed', trimmed, 'rows', done, 'keys', keys,
    'more', found_one or marked = marks or thinned = marks or keys = most);
end $$;
`
