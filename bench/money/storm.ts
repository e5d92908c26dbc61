import { DEFAULT_GATE } from '@flotilla/llm'
import type { Answer, JournalEntry, Limits, ModelServer } from '@flotilla/testing/model-server'
import { submitRuns } from '../flotilla/load.ts'
import type { Flotilla } from '../flotilla/system.ts'
import { until } from '../until.ts'
import { laneClosings, type Closing } from './lane-closings.ts'
import type { Connection } from '../services/postgres.ts'

/** How long after its first call the provider begins to refuse all calls, for how long from the first refused, and with what. */
const REFUSES = { afterMs: 3000, forMs: 500, answer: { status: 429, retryAfter: 2 } } as const
const ANSWER: Answer = { text: 'All is well with the fleet. '.repeat(20), firstTokenMs: 150 }
const MINUTE_MS = 60_000

/** A provider that is short of capacity for a moment, which at least one call meets; it enforces its limits all the time. */
export function createRefusals(now: () => number): () => Answer {
  let called: number | undefined
  let refused: number | undefined
  return () => {
    called ??= now()
    if (now() - called < REFUSES.afterMs) return ANSWER
    refused ??= now()
    return now() - refused < REFUSES.forMs ? REFUSES.answer : ANSWER
  }
}

export type Storm = Readonly<{
  system: Flotilla
  server: ModelServer
  db: Connection
  signal: AbortSignal
  windowMs: number
  tasks: number
}>

const TASKS_A_RUN = 100
const RUN_TASKS = Array.from({ length: TASKS_A_RUN }, (_, i) => ({ key: `t${i}`, role: 'writer' }))

/** What came of it: `window` begins when the lane is wholly open again after the first refusals. */
export type StormSeen = Readonly<{
  entries: readonly JournalEntry[]
  closings: readonly Closing[]
  window: Readonly<{ from: number; until: number }>
}>

/** More tasks at once than the provider takes, until the window is over. */
export async function runStorm({ system, server, db, signal, windowMs, tasks }: Storm): Promise<StormSeen> {
  const plan = { tasks: RUN_TASKS }
  await submitRuns(system.client, { goal: 'Measure a storm', plan }, Math.ceil(tasks / TASKS_A_RUN))
  const reopened = async (): Promise<Closing | null | undefined> => {
    const last = (await laneClosings(db)).at(-1)
    return last && Date.now() > last.until ? last : null
  }
  const last = await untilOrEnd(system, until(reopened, { what: 'the lane has closed and opened again', signal }))
  const from = last.until + DEFAULT_GATE.reopenMs
  const window = { from, until: from + windowMs }
  const over = async (): Promise<boolean> => Date.now() > window.until
  const timeoutMs = 2 * windowMs + MINUTE_MS
  await untilOrEnd(system, until(over, { what: 'the window is over', signal, timeoutMs }))
  return { entries: server.journal.entries, closings: await laneClosings(db), window }
}

const untilOrEnd = <T>({ api, workers }: Flotilla, met: Promise<T>): Promise<T> =>
  Promise.race([met, api.ended, ...workers.map(({ ended }) => ended)])

/** What a provider of Anthropic's protocol counts against its limits. */
const counted = ({ tokens }: JournalEntry): number =>
  tokens === null ? 0 : tokens.input + tokens.written + tokens.output

export type StormFigures = Readonly<{
  /** Percent of the quota of the window, and of the time from the first refusal to the window's end. */
  share: number
  sinceFirst: number
  refused: number
  /** That began after the first one had been heard of. */
  refusedAgain: number
  closings: number
  /** Calls that the provider got while the record said that the lane is closed, and how long after it said so at most. */
  onClosed: number
  lateMs: number
}>

export function figuresOf({ entries, closings, window }: StormSeen, limits: Limits): StormFigures {
  const refused = entries.filter(({ status }) => status === 429)
  const firstRefusal = Math.min(...refused.map(({ at }) => at))
  const [firstClosing] = closings
  const used = (from: number): number => {
    const passed = entries.filter(({ at, status }) => status === 200 && at >= from && at < window.until)
    const amount = limits.tokens === undefined ? passed.length : passed.reduce((sum, entry) => sum + counted(entry), 0)
    const quota = ((limits.tokens ?? limits.requests ?? 0) * (window.until - from)) / MINUTE_MS
    return (100 * amount) / quota
  }
  const late = entries.flatMap(({ at }) => {
    const closed = closings.find(({ from, until: open }) => at > from && at < open)
    return closed === undefined ? [] : [at - closed.from]
  })
  return {
    share: used(window.from),
    sinceFirst: used(firstRefusal),
    refused: refused.length,
    refusedAgain: refused.filter(({ at }) => at >= (firstClosing?.until ?? 0)).length,
    closings: closings.length,
    onClosed: late.length,
    lateMs: Math.max(0, ...late),
  }
}
