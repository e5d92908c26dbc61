import type { Shutdown } from '@flotilla/runtime'
import type { Options } from '../options.ts'
import type { Column, Measurement } from '../report/table.ts'

export type Bench = Readonly<{
  options: Options
  /** Settings of the caller's environment for the measured processes. */
  settings: Readonly<Record<string, string>>
  shutdown: Shutdown
  /** What goes on, for whoever waits. */
  say: (text: string) => void
}>

/** How far to trust a row: what others used of the machine meanwhile, and what its host took. */
export const DISTURBANCE_COLUMNS: readonly Column[] = [
  { key: 'others', title: 'others %' },
  { key: 'stolen', title: 'stolen %' },
]

/** Something that is measured with one command, and the table that it makes. */
export type Figure = Readonly<{
  title: string
  /** What the first columns, which name what was measured, are called. */
  subject: readonly string[]
  columns: readonly Column[]
  measure: (bench: Bench) => AsyncIterable<Measurement>
}>
