import type {
  AttemptKind,
  DeadLetterReason,
  Failure,
  Finding,
  JsonObject,
  Output,
  Usage,
  Verdict,
} from '@flotilla/domain'
import type pg from 'pg'
import type { CallPayment } from '../budgets/calls.ts'
import { json } from '../connect.ts'
import type { TaskWait } from '../schema-budgets.ts'
import { recordsByPosition, type TaskRecord, type TaskRecordRow } from './brief.ts'

export type TaskRef = Readonly<{ runId: number; idx: number }>
export type Verb = 'complete' | 'fail' | 'retry' | 'verify' | 'revise' | 'release' | 'await' | 'drop'

export type TurnRecord = Readonly<{
  turn: number
  model: string
  request: unknown
  reply: unknown
  stopReason: string
  usage: Usage
  context: unknown
  startedAt: string
}>

/** What goes into the record with a settlement. `spent` is what was not counted yet; `usage` is the whole attempt's. */
export type SettlementData = Readonly<{
  kind: AttemptKind
  attemptStatus?: 'failed' | 'succeeded' | 'cancelled' | 'lost'
  /** Whose attempt it was, where another settles it. */
  worker?: string
  output?: Output
  findings?: readonly Finding[]
  verdict?: Verdict
  judgeModel?: string
  turn?: TurnRecord
  turnEvent?: JsonObject
  usage?: Usage
  spent?: Usage
  error?: Failure
  /** Calls that have ended and are not paid yet. They are, whether or not the settlement takes effect. */
  calls?: readonly CallPayment[]
  /** Handed back without a call, for a lane that is closed or for room in a budget: until its delay is over, by the record's clock. */
  wait?: Omit<TaskWait, 'at' | 'until' | 'why'>
  /** What a person has to decide, with the verb `await`. */
  approval?: Readonly<{ uid: string; kind: string; subject: JsonObject; expiresMs: number }>
  /** With the verb `fail`: a letter for a person to look at, and why. */
  deadLetter?: DeadLetterReason
  event?: JsonObject
  /** With the verb `drop`: what the run is told to have saved, and why. */
  told?: JsonObject
}>

export type Settlement = TaskRef &
  Readonly<{ fence: number; judged: boolean; verb: Verb; delayMs: number; data: SettlementData }>

/** Where a task stands in its attempts. */
export type TaskCounters = Readonly<{
  fence: number
  attempt: number
  kind: AttemptKind
  tries: number
  recoveries: number
  revisions: number
  continuations: number
}>

/** `record`: what it starts from, where that came with the claim. */
export type ClaimedTask = TaskRef &
  TaskCounters &
  Readonly<{ judge: boolean; role: string; record?: TaskRecord | undefined }>

/** A task that somebody should look at: after `delayMs`, on its role's queue or, with `judge`, on the verify queue. */
export type WakeUp = TaskRef & Readonly<{ role: string; delayMs: number; judge: boolean; priority: number }>

export type StepInput = Readonly<{
  settlements: readonly Settlement[]
  claims: readonly TaskRef[]
  /** How many tasks made ready by this step may be claimed at once. */
  cap: number
  /** Roles that this process serves; null for all. */
  served: readonly string[] | null
  leaseMs: number
  worker: string
}>

export type StepResult = Readonly<{
  /** Positions in `settlements` that took effect; the others lost their fence. */
  settled: readonly number[]
  claimed: readonly ClaimedTask[]
  wake: readonly WakeUp[]
  /** Claims refused by a fleet-wide limit: still claimable, later. */
  wait: readonly WakeUp[]
  /** Runs with nothing left to do: to be finished. */
  closed: readonly number[]
}>

type Row = {
  settled: number[] | null
  claimed: [number, number, number, number, AttemptKind, number, number, number, boolean, string, number][] | null
  records: TaskRecordRow[] | null
  wake: WakeRow[] | null
  again: WakeRow[] | null
  wait: WakeRow[] | null
  closed: number[] | null
}
export type WakeRow = [runId: number, idx: number, role: string, delayMs: number, judge: boolean, priority: number]

export const wakeUpOf = ([runId, idx, role, delayMs, judge, priority]: WakeRow): WakeUp => ({
  runId,
  idx,
  role,
  delayMs,
  judge,
  priority,
})

const TEXT = 'select flotilla.step($1, $2, $3, $4, $5, $6, $7::jsonb[], $8, $9, $10, $11, $12, $13) as r'

/** Settles and claims in one statement and one commit. Repeating a settlement that took effect is harmless. */
export async function step(pool: pg.Pool, input: StepInput): Promise<StepResult> {
  const { settlements: s, claims: c } = input
  const values = [
    s.map((x) => x.runId),
    s.map((x) => x.idx),
    s.map((x) => x.fence),
    s.map((x) => x.judged),
    s.map((x) => x.verb),
    s.map((x) => Math.round(x.delayMs)),
    s.map((x) => json(x.data)),
    c.map((x) => x.runId),
    c.map((x) => x.idx),
    input.cap,
    input.served,
    `${input.leaseMs} ms`,
    input.worker,
  ]
  const { rows } = await pool.query<{ r: Row }>({ name: 'step', text: TEXT, values })
  return readStep((rows[0] as { r: Row }).r)
}

function readStep(row: Row): StepResult {
  const records = recordsByPosition(row.records ?? [])
  return {
    settled: (row.settled ?? []).map((n) => n - 1),
    claimed: (row.claimed ?? []).map(
      ([runId, idx, fence, attempt, kind, tries, recoveries, revisions, judge, role, continuations], i) => ({
        runId,
        idx,
        fence,
        attempt,
        kind,
        tries,
        recoveries,
        revisions,
        continuations,
        judge,
        role,
        record: records.get(i + 1),
      }),
    ),
    wake: [...(row.wake ?? []), ...(row.again ?? [])].map(wakeUpOf),
    wait: (row.wait ?? []).map(wakeUpOf),
    closed: row.closed ?? [],
  }
}
