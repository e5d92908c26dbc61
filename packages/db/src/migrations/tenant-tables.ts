/** Rights and row-level security of new tables, each with a `workspace_id`, as every other table of a workspace has them. */
export const tenantTables = (...names: readonly string[]): string =>
  names
    .map(
      (name) => /* sql */ `
grant select, insert, update, delete on flotilla.${name} to flotilla_app, flotilla_engine;
alter table flotilla.${name} enable row level security;
alter table flotilla.${name} force row level security;
create policy engine on flotilla.${name} to flotilla_engine using (true) with check (true);
create policy workspace on flotilla.${name} to flotilla_app
  using (workspace_id = nullif(current_setting('app.workspace_id', true), '')::bigint)
  with check (workspace_id = nullif(current_setting('app.workspace_id', true), '')::bigint);`,
    )
    .join('\n')
