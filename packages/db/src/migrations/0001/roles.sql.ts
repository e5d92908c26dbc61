/**
 * Two roles that own nothing. Requests run as flotilla_app, one workspace per transaction; the engine's batched transitions
 * mix workspaces in one statement and run as flotilla_engine. Both are entered by "set role" (a pool's start-up option), so a
 * managed server needs only a login that may create roles, or roles made beforehand.
 */
export const ROLES = /* sql */ `
do $$
declare r text;
begin
  foreach r in array array['flotilla_app', 'flotilla_engine'] loop
    begin
      if not exists (select from pg_roles where rolname = r) then execute format('create role %I nologin', r); end if;
    exception when duplicate_object or unique_violation then null; -- another database of this server was faster
    end;
    begin
      execute format('grant %I to %I', r, current_user);
    exception when insufficient_privilege or internal_error then null; -- granted already, or by another session at this moment
    end;
  end loop;
end $$;

grant usage on schema flotilla to flotilla_app, flotilla_engine;
grant select, insert, update, delete on all tables in schema flotilla to flotilla_app, flotilla_engine;
revoke insert, update, delete on flotilla.workspaces, flotilla.pools from flotilla_app;
revoke insert, update, delete on flotilla.migrations, flotilla.migrations_lock from flotilla_app, flotilla_engine;
revoke insert, update, delete on flotilla.agent_stats from flotilla_app;

do $$
declare t record;
begin
  for t in select c.relname from pg_class c where c.relnamespace = 'flotilla'::regnamespace and c.relkind in ('r', 'p') loop
    if t.relname in ('pools', 'migrations', 'migrations_lock') then continue; end if; -- of the instance, not of a workspace
    execute format('alter table flotilla.%I enable row level security', t.relname);
    execute format('alter table flotilla.%I force row level security', t.relname);
    execute format('create policy engine on flotilla.%I to flotilla_engine using (true) with check (true)', t.relname);
    execute format('create policy workspace on flotilla.%I to flotilla_app using (%2$I = nullif(current_setting(''app.workspace_id'', true), '''')::bigint)
      with check (%2$I = nullif(current_setting(''app.workspace_id'', true), '''')::bigint)', t.relname,
      case when t.relname = 'workspaces' then 'id' else 'workspace_id' end);
  end loop;
end $$;

set local role flotilla_engine;
insert into flotilla.workspaces (id, uid, name) values (1, 'wsp_default', 'default');
reset role;
select setval(pg_get_serial_sequence('flotilla.workspaces', 'id'), 1000);
`
