import type { Failure } from '@flotilla/domain'

export type TurnLimit = Readonly<{
  /** Fires with the attempt's own, or when the turn's time is up. */
  signal: AbortSignal
  /** The failure of a turn that the limit alone has cut off; null while it has not. */
  failure: () => Failure | null
  clear: () => void
}>

/** The time that one turn's model call may take with its streaming; `seconds` null: what the attempt has left. */
export function limitTurn(attempt: AbortSignal, turn: number, seconds: number | null): TurnLimit {
  if (seconds === null) return { signal: attempt, failure: () => null, clear: () => {} }
  const limit = new AbortController()
  const message = `turn ${turn} was not answered within ${seconds} s, the turnTimeoutSeconds of its task`
  let cutOff = false
  const timer = setTimeout(() => {
    cutOff = !attempt.aborted
    limit.abort(new DOMException(message, 'TimeoutError'))
  }, seconds * 1_000)
  return {
    signal: AbortSignal.any([attempt, limit.signal]),
    failure: () => (cutOff ? { code: 'attempt_timeout', message } : null),
    clear: () => clearTimeout(timer),
  }
}
