import { migrate } from '@flotilla/db'
import { pause } from './pause.ts'
import type { Campaign } from './set-up.ts'

/** How a fleet went from an earlier version to this one. */
export type UpgradeFigures = Readonly<{
  from: string
  /** Starts of tasks after the migration, by the version of their worker. */
  starts: Readonly<{ earlier: number; present: number }>
}>

/** The share of the campaign after which the schema is migrated, and after which the first worker is replaced. */
const MIGRATED_AT = 0.25
const REPLACED_AT = 0.35

/**
 * As a rolling upgrade goes: the earlier version has been running, the schema is migrated under it, and from then on
 * whoever starts is of this version. One worker is replaced on purpose, the others when a fault ends them.
 */
export async function upgrade({ options, ground, fleet }: Campaign, startedAt: number): Promise<number | null> {
  if (options.upgradeFrom === null) return null
  const at = (share: number): Promise<void> =>
    pause(Math.max(0, startedAt + share * options.seconds * 1_000 - Date.now()))
  await at(MIGRATED_AT)
  await migrate(ground.postgres.url)
  fleet.startFromNowOn('present')
  const migratedAt = Date.now()
  await at(REPLACED_AT)
  fleet.slots[0]?.signal('SIGTERM')
  return migratedAt
}
