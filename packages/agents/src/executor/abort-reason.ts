import type { Failure } from '@flotilla/domain'

export type AbortKind = 'cancelled' | 'timeout' | 'shutdown' | 'lease_lost'

/**
 * The two ways to stop an attempt: `signal`, aborted with an `AttemptAbort`, cuts off what is in flight; `yielding` lets the turn
 * in flight and its tool calls end and be recorded, and the attempt is handed back before its next model call.
 */
export type StopSignals = Readonly<{ signal: AbortSignal; yielding: AbortSignal }>

/** Why an attempt is stopped: the reason to abort its signal with. */
export class AttemptAbort extends Error {
  readonly kind: AbortKind
  constructor(kind: AbortKind, message: string) {
    super(message)
    this.name = 'AttemptAbort'
    this.kind = kind
  }
}

export type AbortEnd =
  | Readonly<{ kind: 'failed'; failure: Failure }>
  | Readonly<{ kind: 'released' }>
  | Readonly<{ kind: 'lost' }>

/** How an attempt ends whose signal was aborted. An `AbortSignal.timeout` counts as a time-out, anything unknown as a cancel. */
export function endOfAbort(signal: AbortSignal): AbortEnd {
  const reason: unknown = signal.reason
  const message = reason instanceof Error && reason.message !== '' ? reason.message : 'the attempt was stopped'
  const kind = reason instanceof AttemptAbort ? reason.kind : isTimeout(reason) ? 'timeout' : 'cancelled'
  switch (kind) {
    case 'cancelled':
      return { kind: 'failed', failure: { code: 'cancelled', message } }
    case 'timeout':
      return { kind: 'failed', failure: { code: 'attempt_timeout', message } }
    case 'shutdown':
      return { kind: 'released' }
    case 'lease_lost':
      return { kind: 'lost' }
  }
}

const isTimeout = (reason: unknown): boolean => reason instanceof DOMException && reason.name === 'TimeoutError'
