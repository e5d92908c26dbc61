import type { ProtocolName, Tokens } from './protocol.ts'

export type CallEnd = 'answered' | 'refused' | 'cut' | 'hung_up'

/** A call as the provider saw it. Its number is in the name of the model that answered (`<model>@<number>`). */
export type JournalEntry = {
  readonly number: number
  readonly protocol: ProtocolName
  readonly model: string
  readonly key: string
  readonly turn: number
  readonly first: string
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Of the HTTP answer; null before there is one. */
  status: number | null
  tokens: Tokens | null
  end: CallEnd | null
  endedAt: number | null
}

export type Totals = Readonly<{
  calls: number
  answered: number
  refused: number
  open: number
  mostOpen: number
  tokens: Tokens
}>

export interface Journal {
  readonly entries: readonly JournalEntry[]
  totals(): Totals
}

const NONE: Tokens = { input: 0, cached: 0, written: 0, output: 0, thinking: 0 }

const add = (a: Tokens, b: Tokens): Tokens => ({
  input: a.input + b.input,
  cached: a.cached + b.cached,
  written: a.written + b.written,
  output: a.output + b.output,
  thinking: a.thinking + b.thinking,
})

export function createJournal() {
  const entries: JournalEntry[] = []
  let open = 0
  let mostOpen = 0
  return {
    entries,
    open: (call: Omit<JournalEntry, 'number' | 'status' | 'tokens' | 'end' | 'endedAt'>): JournalEntry => {
      const entry: JournalEntry = {
        ...call,
        number: entries.length + 1,
        status: null,
        tokens: null,
        end: null,
        endedAt: null,
      }
      entries.push(entry)
      open += 1
      mostOpen = Math.max(mostOpen, open)
      return entry
    },
    close: (entry: JournalEntry, end: CallEnd, now: number): void => {
      if (entry.end !== null) return
      entry.end = end
      entry.endedAt = now
      open -= 1
    },
    totals: (): Totals => ({
      calls: entries.length,
      answered: entries.filter(({ end }) => end === 'answered').length,
      refused: entries.filter(({ end }) => end === 'refused').length,
      open,
      mostOpen,
      tokens: entries.reduce((sum, { tokens }) => add(sum, tokens ?? NONE), NONE),
    }),
  }
}
