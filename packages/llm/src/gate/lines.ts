import type { Line } from './gate-state.ts'
import { PACED_MS } from './meter.ts'

const HALF_LIFE_MS = 30_000
/** A line that nobody has stood in for this long is forgotten. */
const FORGOTTEN_MS = 300_000
/** Nobody is told to come back later than this after the time that something may pass. */
const HORIZON_MS = 60_000

/** Nobody has stood in it yet. */
const NEW_LINE = { next: 0, again: 0, served: 0 } as const

export type Lines = Readonly<Record<string, Line>>

const servedOf = (line: Line, now: number): number =>
  line.served * 2 ** (-Math.max(0, now - line.servedAt) / HALF_LIFE_MS)

/** Somebody of this line was told a time that has not passed yet. */
const isWaiting = (line: Line, now: number): boolean => Math.max(line.next, line.again) > now

export function forgetIdleLines(lines: Lines, now: number): Lines {
  const kept = Object.entries(lines).filter(
    ([, line]) => Math.max(line.next, line.again, line.servedAt) > now - FORGOTTEN_MS,
  )
  return Object.fromEntries(kept)
}

export type Standing = Readonly<{
  workspace: string
  /** The time that this call was told before, where it was. */
  bookedFor: number | undefined
  /** What the call takes, as a share of the scarcest limit's minute. */
  share: number
}>

/**
 * How many calls' worth has to be left over for others before this one may pass. One for those of its own workspace
 * who came earlier, one for workspaces that wait and were served less: so these find something when they come, and
 * what they do not take is not lost.
 */
export function setAside(lines: Lines, { workspace, bookedFor, share }: Standing, now: number): number {
  const own = lines[workspace]
  const isDue = bookedFor !== undefined && bookedFor <= now
  const jumps = !isDue && own !== undefined && isWaiting(own, now)
  const soFar = own ? servedOf(own, now) : 0
  const overServed = Object.entries(lines).some(
    ([name, line]) => name !== workspace && isWaiting(line, now) && servedOf(line, now) + share < soFar,
  )
  return (jumps ? 1 : 0) + (overServed ? 1 : 0)
}

export function served(lines: Lines, { workspace, share }: Standing, now: number): Lines {
  const line = lines[workspace] ?? { ...NEW_LINE, servedAt: now }
  return { ...lines, [workspace]: { ...line, served: servedOf(line, now) + share, servedAt: now } }
}

/**
 * A time to come back at, `freeAt` at the earliest: behind those of the same workspace, at the pace that is left to it
 * beside the other workspaces that wait. Whoever came back as told and still cannot pass goes before all who come for
 * the first time. Every call has its own time, so that no crowd comes back at once.
 */
export function book(lines: Lines, standing: Standing, freeAt: number, now: number): { lines: Lines; until: number } {
  const { workspace, bookedFor, share } = standing
  const line = lines[workspace] ?? { ...NEW_LINE, servedAt: now }
  const waiting =
    Object.entries(lines).filter(([name, other]) => name !== workspace && isWaiting(other, now)).length + 1
  const apart = share * PACED_MS * waiting
  const place = bookedFor !== undefined && bookedFor <= now ? 'again' : 'next'
  const last = line[place]
  const behind = last > now ? last + apart : freeAt
  const until = Math.ceil(Math.min(Math.max(freeAt, behind), freeAt + HORIZON_MS))
  return { until, lines: { ...lines, [workspace]: { ...line, [place]: Math.max(last, until) } } }
}
