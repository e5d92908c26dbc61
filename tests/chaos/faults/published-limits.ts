import { DEFAULT_MAX_RECOVERIES, recoveryDelayMs } from '@flotilla/domain'
import { ROOM_MS } from '../history/lateness.ts'
import type { FaultKind } from './fault.ts'

/** As the fleet is configured. */
export type FleetTimes = Readonly<{ leaseMs: number; drainMs: number }>

/** Recovery times that the documentation promises, in milliseconds; null where it promises none. */
export function publishedLimitMs(kind: FaultKind, { leaseMs, drainMs }: FleetTimes): number | null {
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
      return drainMs + 1_000
    case 'pause':
      return 1_000
    case 'poison':
      return leaseMs + 1_000
    case 'cancel':
    case 'skew':
    case 'dup':
      return null
  }
}

/** How long a task rests before the last of its recoveries. */
const LONGEST_REST_MS = recoveryDelayMs(DEFAULT_MAX_RECOVERIES)

/** After the faults' end nothing may stand still for longer than this before the last run is over. */
export function stallLimitMs(mix: readonly FaultKind[], times: FleetTimes): number {
  const rest = mix.includes('poison') ? LONGEST_REST_MS : 0
  return Math.max(0, ...mix.map((kind) => publishedLimitMs(kind, times) ?? 0)) + rest + ROOM_MS
}
