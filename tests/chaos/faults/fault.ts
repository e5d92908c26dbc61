/**
 * kill: `kill -9` of a worker. stop: SIGSTOP until past the lease, then SIGCONT. drain: SIGTERM. flush: the queue is
 * emptied. redis-wipe: Redis is killed, its data with it, and comes back. pg-crash: Postgres ends at once and comes
 * back. terminate: backends of Postgres are ended. halfopen: connections of a worker whose other end is gone without a
 * word. skew: a worker's clock jumps. dup: wake-ups that are doubled, late, early or for what is long done.
 * cancel: a person cancels a run. pause: a person pauses one, and resumes it. poison: some plans have a task that kills
 * every worker that runs it.
 */
export const FAULT_KINDS = [
  'kill',
  'stop',
  'drain',
  'flush',
  'redis-wipe',
  'pg-crash',
  'terminate',
  'halfopen',
  'skew',
  'dup',
  'cancel',
  'pause',
  'poison',
] as const
export type FaultKind = (typeof FAULT_KINDS)[number]

/** `run` from 0, the oldest acknowledged run, to 1, the newest. */
export type WakeUpPick = Readonly<{
  what: 'task' | 'judge' | 'plan' | 'finish' | 'learn'
  run: number
  task: number
  delayMs: number
}>

/** `atMs` since the campaign's start; `worker` counts from 0. */
export type Fault = Readonly<{ atMs: number }> &
  (
    | Readonly<{ kind: 'kill' | 'drain'; worker: number }>
    | Readonly<{ kind: 'stop'; worker: number; forMs: number }>
    | Readonly<{ kind: 'flush' }>
    | Readonly<{ kind: 'redis-wipe' | 'pg-crash'; forMs: number }>
    | Readonly<{ kind: 'terminate'; share: number }>
    | Readonly<{ kind: 'halfopen'; worker: number; side: 'postgres' | 'redis'; forMs: number }>
    | Readonly<{ kind: 'skew'; worker: number; byMs: number }>
    | Readonly<{ kind: 'dup'; picks: readonly WakeUpPick[] }>
    | Readonly<{ kind: 'cancel'; run: number }>
    | Readonly<{ kind: 'pause'; run: number; forMs: number }>
  )

/** A fault as it struck. Recovery counts from `overAt`: the blow itself, or the end of what was away. */
export type StruckFault = Readonly<{
  kind: FaultKind
  at: number
  overAt: number
  /** When it was taken back, where recovery does not wait for that. */
  endedAt?: number
}>
