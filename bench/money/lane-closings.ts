import type { Connection } from '../services/postgres.ts'

/** A lane that was closed, in milliseconds since the epoch: from when the record said so, and until when. */
export type Closing = Readonly<{ from: number; until: number }>

const INSTALL = `
  create table public.lane_closings (closed_from float8, closed_until float8);
  create function public.note_closing() returns trigger language plpgsql security definer as $$
  begin
    if (new.state ->> 'closedUntil')::float8 > coalesce((old.state ->> 'closedUntil')::float8, 0) then
      insert into public.lane_closings
      values (extract(epoch from clock_timestamp()) * 1000, (new.state ->> 'closedUntil')::float8);
    end if;
    return null;
  end $$;
  create trigger note_closing after update on flotilla.model_lanes for each row execute function public.note_closing()`

/** Has the record note each closing of a lane when it is written. */
export const watchLanes = async (db: Connection): Promise<void> => void (await db.query(INSTALL))

export async function laneClosings(db: Connection): Promise<Closing[]> {
  const { rows } = await db.query<Closing>(
    'select closed_from as "from", closed_until as until from public.lane_closings order by 1',
  )
  return rows
}
