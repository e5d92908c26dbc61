import type { FaultKind } from './fault.ts'

/** Recovery times that the documentation promises, in milliseconds; null where it promises none. */
export function publishedLimitMs(kind: FaultKind, leaseMs: number): number | null {
  switch (kind) {
    case 'kill':
    case 'stop':
      return leaseMs + 1_000
    case 'flush':
      return 5_000
    case 'halfopen':
      return 25_000
    case 'redis-wipe':
    case 'pg-crash':
    case 'terminate':
      return 10_000
    case 'drain':
      return leaseMs + 1_000
    case 'skew':
    case 'dup':
      return null
  }
}

/** A slow model's answer, and the room that a busy machine takes. */
const ROOM_MS = 8_000

/** After the faults' end nothing may stand still for longer than this before the last run is over. */
export function stallLimitMs(mix: readonly FaultKind[], leaseMs: number): number {
  return Math.max(0, ...mix.map((kind) => publishedLimitMs(kind, leaseMs) ?? 0)) + ROOM_MS
}
