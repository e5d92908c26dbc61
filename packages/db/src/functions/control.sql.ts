import { BY_KEY_ALONE } from './settings.ts'

/** What follows a cancel, a pause or a deadline: who is to stop, and what the stopped had used. */
export const CONTROL = /* sql */ `
-- Which of these claims are to stop. "cancelled": what is in flight is cut off; "paused": it ends at its next turn boundary.
-- Without idx: the claim of a planner or finisher. Reads only, by key.
create function flotilla.claims_to_stop(b_run bigint[], b_idx int[], b_fence int[]) returns json
language plpgsql volatile
${BY_KEY_ALONE}
as $$
declare
  many int := 1000000;
begin
  return (
    select json_agg(json_build_array(b.run_id, b.idx, b.fence, case when r.status = 'paused' then 'paused' else 'cancelled' end))
    from (select * from unnest(b_run, b_idx, b_fence) as b(run_id, idx, fence) limit many) b
      left join flotilla.runs r on r.id = any (array[b.run_id])
      left join flotilla.tasks t on t.run_id = any (array[b.run_id]) and t.idx = b.idx
    where r.id is null or r.status in ('paused', 'cancelled') or t.status = 'cancelled');
end $$;

-- What a claim had used that a cancel or a deadline ended. A claim at work then has its fence moved by exactly one, anything
-- else by two, and telling moves it once more: a claim tells once, and one that had settled before tells nothing.
-- Without p_idx: a planner's. p_usage: the whole attempt's; p_spent: what no transaction has counted yet.
create function flotilla.record_late(p_run bigint, p_idx int, p_fence int, p_usage jsonb, p_spent jsonb) returns boolean
language plpgsql volatile as $$
declare
  ts timestamptz; t record; u jsonb := coalesce(p_spent, '{}');
begin
  perform from flotilla.runs where id = p_run for no key update;
  ts := clock_timestamp();
  if p_idx is null then
    update flotilla.runs set fence = fence + 1 where id = p_run and status = 'cancelled' and fence = p_fence + 1;
    if not found then return false; end if;
  else
    update flotilla.tasks set fence = fence + 1,
      tokens = tokens + coalesce((u ->> 'inputTokens')::bigint, 0) + coalesce((u ->> 'outputTokens')::bigint, 0),
      cost_usd = cost_usd + coalesce((u ->> 'costUsd')::numeric, 0)
    where run_id = p_run and idx = p_idx and status = 'cancelled' and fence = p_fence + 1 returning attempt into t;
    if not found then return false; end if;
    update flotilla.attempts set usage = p_usage
    where run_id = p_run and idx = p_idx and number = t.attempt and status = 'cancelled' and p_usage is not null;
  end if;
  update flotilla.runs set
    input_tokens = input_tokens + coalesce((u ->> 'inputTokens')::bigint, 0),
    cached_input_tokens = cached_input_tokens + coalesce((u ->> 'cachedInputTokens')::bigint, 0),
    cache_write_tokens = cache_write_tokens + coalesce((u ->> 'cacheWriteTokens')::bigint, 0),
    output_tokens = output_tokens + coalesce((u ->> 'outputTokens')::bigint, 0),
    reasoning_tokens = reasoning_tokens + coalesce((u ->> 'reasoningTokens')::bigint, 0),
    model_calls = model_calls + coalesce((u ->> 'modelCalls')::int, 0), cost_usd = cost_usd + coalesce((u ->> 'costUsd')::numeric, 0)
  where id = p_run;
  update flotilla.cancellations set calls = calls + 1, last_stopped_at = ts, late = (
    select jsonb_object_agg(k, coalesce((late ->> k)::numeric, 0) + coalesce((u ->> k)::numeric, 0))
    from unnest(array['inputTokens', 'cachedInputTokens', 'cacheWriteTokens', 'outputTokens', 'reasoningTokens', 'modelCalls', 'costUsd']) k)
  where run_id = p_run;
  return true;
end $$;
`
