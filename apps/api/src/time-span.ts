import { rejected, type Rejection } from '@flotilla/domain'

type Span = Readonly<{ from: Date; to: Date }>

/** What is told for each day is bounded by the time that it is of. */
const MAX_DAYS = 366
const DAY_MS = 86_400_000

/** Refuses a time that ends before it begins, and one that is too long to be told by day. */
export function refusedSpan({ from, to }: Span, byDay = false): Rejection | null {
  if (from >= to) return refusedTo(`expected a time after "from" (${from.toISOString()}), found ${to.toISOString()}`)
  const days = (to.getTime() - from.getTime()) / DAY_MS
  return byDay && days > MAX_DAYS
    ? refusedTo(`expected at most ${MAX_DAYS} days from "from" on, found ${Math.ceil(days)}; ask for less at a time`)
    : null
}

const refusedTo = (message: string): Rejection => rejected('invalid_input', message, [{ path: '/to', message }])
