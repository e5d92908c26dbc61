import { rejected, type Rejection } from '@flotilla/domain'

/** Connection failures as Node names them. */
const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
])

/** SQLSTATEs of a server that is starting, stopping, full or standing by. */
const AWAY = /^(?:08|57P|53)/
/** Lock and statement time-outs, deadlocks and serialization: the same request may do better in a moment. */
const BUSY: ReadonlySet<string> = new Set(['55P03', '57014', '40001', '40P01', '25P03'])
const UNIQUE_VIOLATION = '23505'

/** What node-postgres says without a code. */
const MESSAGES =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** The refusal that an error of the database stands for; null when it is none, or is a bug. */
export function rejectionOf(error: unknown): Rejection | null {
  const code = codeOf(error)
  if (code === UNIQUE_VIOLATION)
    return rejected('conflict', 'another request wrote the same at this moment; read it and repeat')
  if (BUSY.has(code)) return rejected('unavailable', 'the database is too busy for this request; repeat it in a moment')
  const message = error instanceof Error ? error.message : ''
  if (UNREACHABLE.has(code) || AWAY.test(code) || MESSAGES.test(message))
    return rejected('unavailable', 'the database cannot be reached; repeat the request in a moment')
  // Node tries every address of a host and tells of all of them at once.
  if (error instanceof AggregateError) return rejectionOf(error.errors[0])
  return null
}
