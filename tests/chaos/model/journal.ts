export type CallEnd = 'answered' | 'refused' | 'cut' | 'hung_up'

/** A call as the provider saw it. Its number is in the name of the model that answered, and so in the record. */
export type JournalEntry = {
  readonly number: number
  readonly plan: number
  readonly key: string
  readonly mode: 'task' | 'judge'
  readonly turn: number
  /** With the cached ones. */
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  end: CallEnd | null
  /** Milliseconds since the epoch. */
  readonly at: number
  answeredAt: number | null
  /** When the caller closed its socket before it had all. */
  hungUpAt: number | null
}

export type Journal = Readonly<{
  /** `maxOutputTokens`: what the caller lets it write at most. */
  open(call: Pick<JournalEntry, 'plan' | 'key' | 'mode' | 'turn'>, maxOutputTokens: number): JournalEntry
  /** How many calls of this mode there have been for a task, this one included. */
  count(call: Pick<JournalEntry, 'plan' | 'key' | 'mode'>): number
  find(number: number): JournalEntry | undefined
  ofPlan(plan: number): readonly JournalEntry[]
  all(): readonly JournalEntry[]
  readonly size: number
}>

/** Of the output that a call may have. */
const USED_SHARE = 0.2

const PREFIX = 'chaos-'
export const modelNameOf = (entry: JournalEntry): string => `${PREFIX}${entry.number}`
/** The call that a recorded reply names; null for a name of something else. */
export const callNumberOf = (model: string): number | null =>
  model.startsWith(PREFIX) ? Number(model.slice(PREFIX.length)) : null

export function createJournal(): Journal {
  const entries: JournalEntry[] = []
  const plans = new Map<number, JournalEntry[]>()
  const counts = new Map<string, number>()
  return {
    open(call, maxOutputTokens) {
      const number = entries.length + 1
      // Figures that tell one call of a task from another; the output is a part of what was held for it.
      const entry: JournalEntry = {
        ...call,
        number,
        inputTokens: 100 + (number % 97),
        cachedInputTokens: number % 89,
        outputTokens: Math.min(maxOutputTokens, 10 + (number % 31) + Math.floor(maxOutputTokens * USED_SHARE)),
        end: null,
        at: Date.now(),
        answeredAt: null,
        hungUpAt: null,
      }
      entries.push(entry)
      const own = plans.get(call.plan)
      if (own === undefined) plans.set(call.plan, [entry])
      else own.push(entry)
      return entry
    },
    count({ plan, key, mode }) {
      const name = `${plan}/${key}/${mode}`
      const count = (counts.get(name) ?? 0) + 1
      counts.set(name, count)
      return count
    },
    find: (number) => entries[number - 1],
    ofPlan: (plan) => plans.get(plan) ?? [],
    all: () => entries,
    get size() {
      return entries.length
    },
  }
}
