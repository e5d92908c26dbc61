import { sealOutcomes } from './history/read-history.ts'
import { pause } from './pause.ts'
import { countHeldCalls, readStanding } from './progress.ts'
import type { Campaign } from './set-up.ts'

/** With work that goes on and on without an end, this is the end. */
const LONGEST_DRAIN_MS = 300_000

/** Until the last run is over and nothing is held for its calls, or nothing has moved for `stallMs`. */
export async function untilDrained({ ground, submitter }: Campaign, stallMs: number): Promise<void> {
  const startedAt = Date.now()
  let movedAt = startedAt
  for (let events = -1; Date.now() < Math.min(movedAt + stallMs, startedAt + LONGEST_DRAIN_MS); await pause(100)) {
    const standing = await readStanding(ground.postgres.pool).catch(() => null)
    if (standing === null) continue
    const over = standing.live === 0 && standing.runs >= submitter.acknowledgements.all().length
    // What calls held that were under way when their run ended is given back a moment later.
    if (over && (await countHeldCalls(ground.postgres.pool).catch(() => null)) === 0) return
    if (standing.events !== events) movedAt = Date.now()
    events = standing.events
  }
}

const SEALED_RUNS = 400

/** Tells where the campaign stands, once a second, and seals what has ended. */
export async function watch(campaign: Campaign, startedAt: number, signal: AbortSignal): Promise<void> {
  const { ground, seals, fleet, struck, submitter, model, latest, onProgress } = campaign
  const { pool } = ground.postgres
  while (!signal.aborted) {
    await pause(1_000)
    await sealOutcomes(pool, seals, SEALED_RUNS).catch(() => {})
    const record = await readStanding(pool).catch(() => null)
    latest.record = record ?? latest.record
    onProgress({
      seconds: Math.round((Date.now() - startedAt) / 1_000),
      acknowledged: submitter.acknowledgements.all().length,
      record,
      calls: model.journal.size,
      ready: fleet.slots.filter((slot) => slot.ready).length,
      workers: fleet.slots.length,
      faults: struck.length,
    })
  }
}
