/** In days since the run's end, or since the key's first use; null: kept for ever. */
export type Retention = Readonly<{ runsDays: number | null; eventsDays: number | null; keysDays: number | null }>

export const DEFAULT_IDEMPOTENCY_DAYS = 7

/** What contradicts itself, with the names of the settings; empty when nothing does. */
export function checkRetention({ runsDays, eventsDays }: Retention): string[] {
  if (runsDays === null || eventsDays === null || eventsDays <= runsDays) return []
  return [
    `FLOTILLA_RETAIN_EVENTS_DAYS (${eventsDays}) must be at most FLOTILLA_RETAIN_DAYS (${runsDays}): a run that is gone has no events; lower the one or raise the other`,
  ]
}
