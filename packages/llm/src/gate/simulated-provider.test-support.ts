import type { GateEvent, GateOutcome } from './decide-gate.ts'

export type ProviderKind = 'bucket' | 'sliding' | 'fixed'
export type SimulatedProvider = {
  call(now: number, amount?: number): { refused: boolean; remaining: number; limit: number }
}

/** A provider that counts per minute in one of the ways that providers do; amounts other than 1 by a bucket only. */
export function createProvider(kind: ProviderKind, limit: number): SimulatedProvider {
  let level = limit
  let at = 0
  let passed: number[] = []
  const room = (now: number): number => {
    if (kind === 'bucket') {
      level = Math.min(limit, level + ((now - at) * limit) / 60_000)
      at = now
      return Math.floor(level)
    }
    const from = kind === 'sliding' ? now - 60_000 : Math.floor(now / 60_000) * 60_000 - 1
    passed = passed.filter((time) => time > from)
    return limit - passed.length
  }
  return {
    call: (now, amount = 1) => {
      const free = room(now)
      if (free < amount) return { refused: true, remaining: 0, limit }
      level -= amount
      passed.push(now)
      return { refused: false, remaining: free - amount, limit }
    },
  }
}

export type SimulatedCall = { workspace: string; at: number; refused: boolean; tokens: number }

type Fleet = {
  gate: { decide(event: GateEvent, now: number): GateOutcome }
  provider?: SimulatedProvider
  /** How many tasks of a workspace always have a call to make. */
  workers: Record<string, number>
  callMs: number
  untilMs: number
  now: number
  retryAfterMs?: number
  /** The provider names neither its limit nor how long to wait. */
  isSilent?: boolean
  /** Counts tokens instead of requests. */
  tokens?: { asked: number; took: () => number }
}

type Agenda = { at: number; order: number; run: (now: number) => void }

/** A fleet that always has calls to make, in simulated time: each asks, calls or comes back as told, and goes on. */
export function runFleet(fleet: Fleet): SimulatedCall[] {
  const { gate, provider, callMs, now: start } = fleet
  const calls: SimulatedCall[] = []
  const agenda = createAgenda()
  const begin = (workspace: string, bookedFor: number | undefined, now: number): void => {
    const charge = fleet.tokens ? { tokens: fleet.tokens.asked } : { requests: 1 }
    const booked = bookedFor === undefined ? {} : { bookedFor }
    const outcome = gate.decide({ kind: 'ask', workspace, charge, ...booked }, now)
    if (outcome.is === 'wait') return agenda.add(outcome.until, (later) => begin(workspace, outcome.until, later))
    if (outcome.is !== 'admitted') throw new Error(`an ask was ${outcome.is}`)
    const tokens = fleet.tokens?.took() ?? 0
    const amount = fleet.tokens ? tokens : 1
    const { refused, limit, remaining } = provider?.call(now, amount) ?? { refused: false, remaining: 0, limit: 0 }
    calls.push({ workspace, at: now, refused, tokens })
    agenda.add(now + callMs, (later) => {
      const took = fleet.tokens ? { tokens } : charge
      const forMs = fleet.isSilent ? {} : { forMs: fleet.retryAfterMs ?? 1000 }
      if (refused) gate.decide({ kind: 'pause', ...forMs, why: '429', jitter: 0 }, later)
      gate.decide({ kind: 'settle', admission: outcome, actual: refused ? {} : took, succeeded: !refused }, later)
      const limits = fleet.tokens || fleet.isSilent ? {} : { requests: { limit, remaining } }
      if (provider && !refused) gate.decide({ kind: 'observe', limits }, later)
      begin(workspace, undefined, later)
    })
  }
  for (const [workspace, count] of Object.entries(fleet.workers)) {
    for (let n = 0; n < count; n++) agenda.add(start + n, (now) => begin(workspace, undefined, now))
  }
  agenda.runUntil(start + fleet.untilMs)
  return calls
}

function createAgenda() {
  const heap: Agenda[] = []
  let order = 0
  const before = (a: Agenda, b: Agenda): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
  const swap = (i: number, j: number): void => {
    const [a, b] = [heap[i], heap[j]]
    if (a && b) [heap[i], heap[j]] = [b, a]
  }
  const sift = (from: number): void => {
    let index = from
    for (;;) {
      const left = 2 * index + 1
      const smallest = [left, left + 1].reduce((best, child) => {
        const [a, b] = [heap[child], heap[best]]
        return a && b && before(a, b) ? child : best
      }, index)
      if (smallest === index) return
      swap(index, smallest)
      index = smallest
    }
  }
  return {
    add: (at: number, run: (now: number) => void): void => {
      heap.push({ at, order: order++, run })
      for (let index = heap.length - 1; index > 0;) {
        const parent = (index - 1) >> 1
        const [a, b] = [heap[index], heap[parent]]
        if (!a || !b || !before(a, b)) return
        swap(index, parent)
        index = parent
      }
    },
    runUntil: (end: number): void => {
      for (let next = heap[0]; next && next.at <= end; next = heap[0]) {
        const last = heap.pop()
        if (last && heap.length > 0) {
          heap[0] = last
          sift(0)
        }
        next.run(next.at)
      }
    },
  }
}
