import type { StruckFault } from '../faults/fault.ts'
import { callNumberOf, type Journal, type JournalEntry } from '../model/journal.ts'
import { violation } from './check-log.ts'
import type { RunHistory, TurnRow, Violation } from './history.ts'

/** From the check before a call to its arrival at the provider, on a busy machine. */
const ADMITTED_MS = 1_000

export type CallsSeen = Readonly<{
  violations: readonly Violation[]
  /** From the cancel to the end of the socket, for calls that it cut off. */
  cutMs: readonly number[]
}>

/**
 * What the provider saw of a run, held against its record: no call begins once a cancel has committed (those admitted
 * before may arrive a moment later, and those of a worker that was stopped in between), and an attempt that takes over goes
 * on after the last recorded turn.
 */
export function checkCalls(
  history: RunHistory,
  journal: Pick<Journal, 'find' | 'ofPlan'>,
  struck: readonly StruckFault[],
): CallsSeen {
  const violations = checkTurnsOnce(history, journal)
  const cancelledAt = history.events.find(({ type }) => type === 'run.cancelled')?.at
  if (cancelledAt === undefined || history.run.plan === null) return { violations, cutMs: [] }
  const calls = journal.ofPlan(history.run.plan)
  const stops = struck.filter(({ kind }) => kind === 'stop')
  const held = ({ at }: JournalEntry): boolean =>
    stops.some((stop) => stop.at < at && (stop.endedAt ?? stop.overAt) > cancelledAt)
  const late = calls.filter((call) => call.at > cancelledAt + ADMITTED_MS && !held(call))
  const cut = calls.filter((call) => call.at <= cancelledAt && call.hungUpAt !== null && call.hungUpAt >= cancelledAt)
  return {
    violations: [
      ...violations,
      ...late.map(({ number, key, at }) =>
        violation(
          history,
          'call_after_cancel',
          `call ${number} of ${key} began ${at - cancelledAt} ms after the cancel`,
        ),
      ),
    ],
    cutMs: cut.map((call) => (call.hungUpAt ?? 0) - cancelledAt),
  }
}

const BEGINS_ANEW: ReadonlySet<string> = new Set(['first', 'retry', 'revision'])

/** Turns of one conversation, which recoveries and continuations go on with: none is recorded a second time. */
function checkTurnsOnce(history: RunHistory, journal: Pick<Journal, 'find'>): Violation[] {
  const begins = history.attempts.filter(({ kind }) => BEGINS_ANEW.has(kind))
  const found: Violation[] = []
  const last = new Map<string, number>()
  for (const { idx, attempt, turn, model } of history.turns.toSorted(inOrder)) {
    const place = journal.find(callNumberOf(model) ?? 0)?.turn
    if (place === undefined) continue
    const begun = Math.max(
      0,
      ...begins.filter((one) => one.idx === idx && one.number <= attempt).map((one) => one.number),
    )
    const conversation = `${idx}/${begun}`
    if (place <= (last.get(conversation) ?? 0))
      found.push(
        violation(
          history,
          'turn_repeated',
          `turn ${turn} of attempt ${attempt} of task ${idx} is turn ${place} of a conversation that had it already`,
        ),
      )
    last.set(conversation, place)
  }
  return found
}

const inOrder = (a: TurnRow, b: TurnRow): number => a.idx - b.idx || a.attempt - b.attempt || a.turn - b.turn
