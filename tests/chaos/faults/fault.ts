/**
 * kill: `kill -9` of a worker. stop: SIGSTOP until past the lease, then SIGCONT. drain: SIGTERM. flush: the queue is
 * emptied. redis-wipe: Redis is killed, its data with it, and comes back. pg-crash: Postgres ends at once and comes
 * back. terminate: backends of Postgres are ended. halfopen: connections of a worker whose other end is gone without a
 * word. skew: a worker's clock jumps. dup: wake-ups that are doubled, late, early or for what is long done.
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
  )

/** A fault as it struck. Recovery counts from `overAt`: the blow itself, or the end of what was away. */
export type StruckFault = Readonly<{ kind: FaultKind; at: number; overAt: number }>
