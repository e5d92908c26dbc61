import type { LaneRow, WaitingTasks } from '@flotilla/db'
import type { LaneView } from '@flotilla/domain'
import {
  DEFAULT_GATE,
  formatModelName,
  laneId,
  learntLimit,
  METERS,
  OPEN_GATE,
  type GateConfig,
  type GateConfigOf,
  type GateState,
  type Lane,
  type Meter,
  type MeterName,
  type ModelRegistry,
} from '@flotilla/llm'

const MINUTE_SECONDS = 60
const DAY_MS = 86_400_000

type LanesInput = Readonly<{
  /** What the gate remembers. */
  rows: readonly LaneRow[]
  waiting: readonly WaitingTasks[]
  models: Pick<ModelRegistry, 'resolve'>
  /** The full names of the models in use. */
  inUse: Iterable<string>
  configOf: GateConfigOf | undefined
  /** Milliseconds since the epoch. */
  now: number
}>

/**
 * The lanes that are of interest: those that were called and are in use, or were within a day, and those in use whose limits are
 * configured, though nothing was called yet. What a model is simulated by has none.
 */
export function lanesView({ rows, waiting, models, inUse, configOf, now }: LanesInput): LaneView[] {
  const used = new Set<string>()
  const known = new Set(rows.map(({ id }) => id))
  const unused: LaneRow[] = []
  for (const ref of inUse) {
    const found = models.resolve(ref)
    if (!found.ok || found.value.provider.simulated) continue
    const { lane } = found.value
    const id = laneId(lane)
    used.add(id)
    const hasLimits = Object.keys(configOf?.(lane).limits ?? {}).length > 0
    if (hasLimits && !known.has(id)) unused.push({ id, state: { ...OPEN_GATE }, now })
  }
  const isShown = (row: LaneRow): boolean =>
    used.has(row.id) || row.now - lastUse(row) < DAY_MS || waiting.some(({ lane }) => lane === row.id)
  return [...rows.filter(isShown), ...unused]
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((row) => laneView(row, { waiting, models, configOf }))
}

/** A lane's state, which the record keeps as JSON. */
export const stateOf = ({ state }: Pick<LaneRow, 'state'>): GateState => state as unknown as GateState

/** When anything was asked of it, in milliseconds since the epoch; a closing lasts as long as it does. */
function lastUse(row: LaneRow): number {
  const { closedUntil, lines, meters } = stateOf(row)
  const [asked, passed] = [Object.values(lines), Object.values(meters)]
  return Math.max(
    closedUntil,
    ...asked.map(({ servedAt, next }) => Math.max(servedAt, next)),
    ...passed.map(({ at }) => at),
  )
}

/** A lane as the gate remembers it, for people: what it does now, and what it lets pass. */
function laneView(
  row: LaneRow,
  { waiting, models, configOf }: Pick<LanesInput, 'waiting' | 'models' | 'configOf'>,
): LaneView {
  const { id, now } = row
  const state = stateOf(row)
  const lane = laneOf(id)
  const model = formatModelName(lane)
  const config = { ...DEFAULT_GATE, ...configOf?.(lane) }
  const pace = paceOf(config, state, now)
  const tasks = waiting.filter((each) => each.lane === id)
  const current = models.resolve(model)
  return {
    id,
    model,
    earlierKey: !current.ok || laneId(current.value.lane) !== id,
    ...standing(state, pace, tasks, now),
    pace,
    strikes: state.strikes,
    meters: METERS.flatMap((name) => meterView(config, name, state.meters[name], now)),
    waitingTasks: tasks.reduce((sum, each) => sum + each.tasks, 0),
  }
}

/** Circuits are each worker's own: that one is open is known from the tasks that wait for it. */
function standing(
  { closedUntil, closedWhy }: GateState,
  pace: number,
  tasks: readonly WaitingTasks[],
  now: number,
): Pick<LaneView, 'state' | 'closedUntil' | 'why'> {
  const why = closedWhy === '' ? null : closedWhy
  if (now < closedUntil) return { state: 'closed', closedUntil: new Date(closedUntil).toISOString(), why }
  const circuit = tasks.find((each) => each.circuit && each.until.getTime() > now)
  if (circuit !== undefined)
    return { state: 'circuit_open', closedUntil: circuit.until.toISOString(), why: circuit.why }
  return { state: pace < 1 ? 'opening' : 'open', closedUntil: null, why }
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
  const learnt = meter && learntLimit(meter, now)
  const known = lowest ?? (learnt === undefined ? undefined : { from: 'learnt' as const, limit: Math.floor(learnt) })
  if (known === undefined && used <= 0) return []
  return [{ name, limit: known?.limit ?? null, from: known?.from ?? null, used: Math.max(0, Math.round(used)) }]
}
