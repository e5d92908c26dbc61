import type { Admission, AskedCall, CallPayment, CallUsed } from '@flotilla/db'
import { NO_SPEND, type JsonObject } from '@flotilla/domain'
import type { Hop } from '@flotilla/llm'
import type { Admit } from './admissions.ts'

/** Where calls are held before they are made, and paid after. */
export type Purse = Readonly<{
  reserve: (ask: AskedCall) => Promise<Readonly<{ key: string; admission: Admission }>>
  /** With null the call never reached its provider. */
  end: (key: string, used: CallUsed) => void | Promise<void>
}>

type BookClaim = Readonly<{ runId: number; idx: number | null; fence: number }>

/**
 * The calls of one claim: their keys, and what of them is not paid yet. Payments go with the next write of the claim, or its
 * next admission; until that has committed they stay, for paying twice is harmless and not paying is not.
 */
export class CallBook implements Purse {
  readonly #admit: Admit
  readonly #claim: BookClaim
  readonly #unpaid = new Map<string, CallUsed>()
  readonly #tools = new Map<string, number>()
  #hops: JsonObject[] = []
  #calls = 0

  constructor(admit: Admit, claim: BookClaim) {
    this.#admit = admit
    this.#claim = claim
  }

  async reserve(ask: AskedCall): Promise<Readonly<{ key: string; admission: Admission }>> {
    const { runId, idx, fence } = this.#claim
    const key = this.#key(String(++this.#calls))
    const ended = this.unpaid()
    const admission = await this.#admit(
      ended.map((payment) => ({ runId, ...payment })),
      { runId, key, idx, fence, ...ask },
    )
    this.paid(ended)
    return { key, admission }
  }

  end(key: string, used: CallUsed): void {
    this.#unpaid.set(key, used)
  }

  /** A model of the chain did not answer. */
  noteHop(hop: Hop): void {
    this.#hops.push(toldHop(hop))
  }

  /** What did not answer since this was asked last, as events tell it; nothing where all did. */
  takeHops(): Readonly<{ hops?: JsonObject[] }> {
    const hops = this.#hops
    this.#hops = []
    return hops.length === 0 ? {} : { hops }
  }

  toolKey(call: Readonly<{ turn: number; n: number }>): string {
    return this.#key(`t${call.turn}.${call.n}`)
  }

  /** A tool's call that was admitted; `now` in milliseconds. */
  beginTool(key: string, now: number): void {
    this.#tools.set(key, now)
  }

  /** Since when it was under way; null: it was not. */
  endTool(key: string, now: number): number | null {
    const since = this.#tools.get(key)
    if (since === undefined) return null
    this.#tools.delete(key)
    this.end(key, { ...NO_SPEND, toolCalls: 1, seconds: Math.max(0, now - since) / 1_000 })
    return since
  }

  /** Tool calls of which no outcome is known count as made. */
  endOpenTools(now: number): void {
    for (const key of this.#tools.keys()) this.endTool(key, now)
  }

  unpaid(): CallPayment[] {
    return [...this.#unpaid].map(([key, used]) => ({ key, used }))
  }

  /** These went with a write that has committed. */
  paid(payments: readonly CallPayment[]): void {
    for (const { key } of payments) this.#unpaid.delete(key)
  }

  #key(call: string): string {
    const { idx, fence } = this.#claim
    return `${idx ?? 'run'}/${fence}/${call}`
  }
}

export const toldHop = ({ ref, is, code, message }: Hop): JsonObject => ({ model: ref, is, code, message })
