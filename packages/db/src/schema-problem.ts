import type { Tx } from './connect.ts'
import { MIGRATIONS } from './migrate.ts'
import { readMigrations } from './runs/reads.ts'

/** Why this code cannot work with the schema as it stands, while a process runs; null when it can. */
export async function readSchemaProblem(tx: Tx): Promise<string | null> {
  const { applied, usableFrom } = await readMigrations(tx)
  const known = Object.keys(MIGRATIONS)
  const missing = known.filter((name) => !applied.includes(name))
  if (missing.length > 0) return `not applied: ${missing.join(', ')}; run "flotilla migrate"`
  const newer = applied.filter((name) => !(name in MIGRATIONS))
  return newer.length > 0 && usableFrom > known.length ? `newer than this version: ${newer.join(', ')}` : null
}
