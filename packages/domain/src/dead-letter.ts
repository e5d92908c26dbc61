import * as v from 'valibot'
import { ATTEMPT_KINDS, ATTEMPT_STATUSES, AttemptTallySchema } from './attempt.ts'
import { base32 } from './ids.ts'
import { isTerminalRun, RunStatusSchema, type RunStatus } from './run.ts'

/** worker_lost: its workers, or its judges' workers, died again and again · tries_used_up: what may pass did not, in any try. */
export const DEAD_LETTER_REASONS = ['worker_lost', 'tries_used_up'] as const
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number]

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const SHAPE = /^dead_([0-9a-hjkmnp-tv-z]{26})([0-9a-hjkmnp-tv-z]{3})$/

/** A task has one letter at most, so that run and task name it. */
export const deadLetterId = (runId: string, idx: number): string => `dead_${runId.slice(4)}${base32(idx, 3)}`

/** The run and the task that an id names; null when it is none. */
export function readDeadLetterId(id: string): { runId: string; idx: number } | null {
  const [, run, task] = SHAPE.exec(id) ?? []
  if (run === undefined || task === undefined) return null
  return { runId: `run_${run}`, idx: [...task].reduce((sum, digit) => sum * 32 + ALPHABET.indexOf(digit), 0) }
}

const letterHead = {
  id: v.string(),
  runId: v.string(),
  runStatus: RunStatusSchema,
  taskKey: v.string(),
  title: v.string(),
  role: v.string(),
  reason: v.picklist(DEAD_LETTER_REASONS),
  error: v.object({ code: v.string(), message: v.string() }),
  attempts: v.number(),
  at: v.string(),
  redrivenAt: v.nullable(v.string()),
  /** The run that goes on with it. */
  redrivenTo: v.nullable(v.string()),
}

/** A task that is not tried again, as a list shows it. */
export const DeadLetterSummarySchema = v.pipe(v.object(letterHead), v.metadata({ ref: 'DeadLetterSummary' }))
export type DeadLetterSummaryView = v.InferOutput<typeof DeadLetterSummarySchema>

/** With the evidence: every attempt that ended badly, or was refused by its judges, on which worker, and the last turn. */
export const DeadLetterSchema = v.pipe(
  v.object({
    ...letterHead,
    counts: AttemptTallySchema,
    failures: v.array(
      v.object({
        attempt: v.number(),
        kind: v.picklist(ATTEMPT_KINDS),
        status: v.picklist(ATTEMPT_STATUSES),
        worker: v.string(),
        startedAt: v.string(),
        finishedAt: v.string(),
        error: v.nullable(v.object({ code: v.string(), message: v.string() })),
      }),
    ),
    lastTurn: v.nullable(
      v.object({
        attempt: v.number(),
        turn: v.number(),
        model: v.string(),
        stopReason: v.string(),
        finishedAt: v.string(),
        tools: v.array(v.string()),
      }),
    ),
  }),
  v.metadata({ ref: 'DeadLetter' }),
)
export type DeadLetterView = v.InferOutput<typeof DeadLetterSchema>

/** Why a letter cannot be redriven while its run is in this state, and what can be done; null when it can be. */
export const refuseRedrive = (runId: string, status: RunStatus): string | null =>
  isTerminalRun(status)
    ? null
    : `the task's run ${runId} is ${status.replace('_', ' ')}: a redrive begins a new run with its results, so it has to end first; allowed now: wait for its end, or cancel it`
