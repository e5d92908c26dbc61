const TYPE = /create type flotilla\.(\w+) as \(([\s\S]*?)\);/g
const HASH_DIGITS = 8

/**
 * SQL that makes functions and the composite types of their variables anew, under workers of an earlier version that go on
 * calling them. What such a call still needs when it is under way must be there until it has ended: a function is replaced,
 * never dropped, and a type is named for its text, so that another text is another type. What only an earlier text had stays
 * until the next one takes its place; `generation` marks what is of this one.
 *
 * So a function that takes or answers something else needs another name: Postgres refuses to replace it.
 */
export function makeFunctionsSql(parts: readonly string[], generation: string, hash: (text: string) => string): string {
  const text = parts.join('\n')
  const types = [...text.matchAll(TYPE)].map(([, name = '', fields = '']) => ({
    name,
    fields,
    made: `${name}_${hash(fields.replaceAll(/\s+/g, ' ')).slice(0, HASH_DIGITS)}`,
  }))
  const functions = types.reduce(
    (sql, { name, made }) => sql.replaceAll(new RegExp(`\\bflotilla\\.${name}\\b`, 'g'), `flotilla.${made}`),
    text.replaceAll(TYPE, '').replaceAll('create function flotilla.', 'create or replace function flotilla.'),
  )
  return [DROP_EARLIER, ...types.map(makeType), functions, markMade(types, generation)].join('\n')
}

/** What stood there before the last text was made; that one's may still be in use. */
const DROP_EARLIER = /* sql */ `
do $$
declare x record; last text := (select functions from flotilla.schema_state);
begin
  if last is null then return; end if;
  for x in select oid::regprocedure as it from pg_proc
    where pronamespace = 'flotilla'::regnamespace and obj_description(oid, 'pg_proc') is distinct from last loop
    execute format('drop function %s cascade', x.it); -- with a trigger that calls it
  end loop;
  for x in select oid::regtype as it from pg_type where typnamespace = 'flotilla'::regnamespace and typtype = 'c'
    and typrelid in (select oid from pg_class where relkind = 'c') and obj_description(oid, 'pg_type') is distinct from last loop
    execute format('drop type %s', x.it);
  end loop;
end $$;
`

type MadeType = Readonly<{ fields: string; made: string }>

const makeType = ({ fields, made }: MadeType): string => `
do $$ begin
  if to_regtype('flotilla.${made}') is null then create type flotilla.${made} as (${fields}); end if;
end $$;`

/** A function that this transaction has made or replaced has its number; so has one whose rights have changed, later. */
const markMade = (types: readonly MadeType[], generation: string): string => `
do $$
declare x record;
begin
  for x in select oid::regprocedure as it from pg_proc
    where pronamespace = 'flotilla'::regnamespace and xmin = pg_current_xact_id()::xid loop
    execute format('comment on function %s is %L', x.it, '${generation}');
  end loop;
end $$;
${types.map(({ made }) => `comment on type flotilla.${made} is '${generation}';`).join('\n')}
`
