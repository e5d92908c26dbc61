import type { LaneRow, WaitingTasks } from '@flotilla/db'
import type { LaneView } from '@flotilla/domain'
import {
  DEFAULT_GATE,
  formatModelName,
  METERS,
  type GateConfig,
  type GateConfigOf,
  type GateState,
  type Lane,
  type Meter,
  type MeterName,
} from '@flotilla/llm'

const MINUTE_SECONDS = 60

/** A lane as the gate remembers it, for people: what it does now, and what it lets pass. */
export function laneView(row: LaneRow, waiting: readonly WaitingTasks[], configOf?: GateConfigOf): LaneView {
  const { id, now } = row
  const state = row.state as unknown as GateState
  const lane = laneOf(id)
  const config = { ...DEFAULT_GATE, ...configOf?.(lane) }
  const pace = paceOf(config, state, now)
  const closed = now < state.closedUntil
  return {
    id,
    model: formatModelName(lane),
    state: closed ? 'closed' : pace < 1 ? 'opening' : 'open',
    closedUntil: closed ? new Date(state.closedUntil).toISOString() : null,
    why: state.closedWhy === '' ? null : state.closedWhy,
    pace,
    strikes: state.strikes,
    meters: METERS.flatMap((name) => meterView(config, name, state.meters[name], now)),
    waitingTasks: waiting.reduce((sum, each) => sum + (each.lane === id ? each.tasks : 0), 0),
  }
}

/** A lane's name holds its model's, which may hold slashes itself. */
export function laneOf(id: string): Lane {
  const [first, last] = [id.indexOf('/'), id.lastIndexOf('/')]
  return { provider: id.slice(0, first), model: id.slice(first + 1, last), key: id.slice(last + 1) }
}

/** 0 while it is closed; then it grows, as the gate has it, within seconds to 1. */
function paceOf({ reopenMs, reopenPace }: GateConfig, { closedUntil }: GateState, now: number): number {
  if (now < closedUntil) return 0
  const grown = reopenMs === 0 ? 1 : (now - closedUntil) / reopenMs
  return Math.round(Math.min(1, reopenPace + (1 - reopenPace) * grown) * 100) / 100
}

function meterView(config: GateConfig, name: MeterName, meter: Meter | undefined, now: number): LaneView['meters'] {
  const second = Math.floor(now / 1_000)
  const used = Object.entries(meter?.used ?? {}).reduce(
    (sum, [at, amount]) => sum + (Number(at) > second - MINUTE_SECONDS ? amount : 0),
    0,
  )
  const limits = [
    { from: 'configured' as const, limit: config.limits[name] },
    { from: 'told' as const, limit: meter?.told },
  ].flatMap(({ from, limit }) => (limit === undefined ? [] : [{ from, limit }]))
  const [lowest] = limits.toSorted((a, b) => a.limit - b.limit)
  const learnt = meter?.learnt && { from: 'learnt' as const, limit: meter.learnt.limit }
  const known = lowest ?? learnt
  if (known === undefined && used <= 0) return []
  return [{ name, limit: known?.limit ?? null, from: known?.from ?? null, used: Math.max(0, Math.round(used)) }]
}
