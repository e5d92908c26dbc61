import type { Watched } from '../machine/load.ts'
import type { PeerName, ShapeName } from '../options.ts'
import type { Scope } from '../scope.ts'
import type { Subject } from '../throughput.ts'

/** A peer that is no dependency of anything here; its packages are installed in this folder, or it is not measured. */
export type Peer = Readonly<{
  name: PeerName
  /** What it is, and where it keeps its record, as the table has it. */
  what: string
  store: string
  packages: readonly string[]
  start(scope: Scope, settings: PeerSettings): Promise<PeerSubject>
}>

/** `concurrency`: how many runs are worked on at once. */
export type PeerSettings = Readonly<{ shape: ShapeName; concurrency: number }>

export interface PeerSubject extends Subject {
  /** The worker's. */
  readonly pid: number
  readonly watched: Watched
  /** Fails unless its record holds every task of every run. */
  check(): Promise<void>
}
