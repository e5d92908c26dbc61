import type { ModelTimeouts } from '../port.ts'

export type CallPhase = 'connect' | 'first_token' | 'idle' | 'total'
export type CallStop = { why: 'cancelled' } | { why: 'timeout'; phase: CallPhase; limitMs: number }

/** Why the connection of a call that has ended is dropped. */
const CLOSED = new Error('the call has ended')

export type CallWatch = {
  /** Aborts on the caller's signal and on every time limit. */
  readonly signal: AbortSignal
  readonly stop: CallStop | undefined
  /** Milliseconds from the start of the call to its first content. */
  readonly firstTokenMs: number | undefined
  responded(): void
  received(): void
  token(): void
  close(): void
}

/**
 * Watches one call through its phases: connecting, waiting for the first content, streaming. Silence is measured on
 * the connection's bytes, since providers keep long thinking alive with pings that the SDKs swallow; before the first
 * content pings do not count. `close` drops the connection if it is still open, and the listener on the caller's signal.
 */
export function watchCall(caller: AbortSignal, limits: ModelTimeouts): CallWatch {
  const started = performance.now()
  const controller = new AbortController()
  let stop: CallStop | undefined
  let firstTokenMs: number | undefined
  let phase: CallPhase = 'connect'

  const halt = (reason: CallStop): void => {
    stop ??= reason
    controller.abort()
  }
  const timer = (name: CallPhase, limitMs: number): NodeJS.Timeout =>
    setTimeout(() => halt({ why: 'timeout', phase: name, limitMs }), limitMs)
  const cancel = (): void => halt({ why: 'cancelled' })

  const total = timer('total', limits.totalMs)
  let current = timer('connect', limits.connectMs)
  const enter = (next: CallPhase, limitMs: number): void => {
    phase = next
    clearTimeout(current)
    current = timer(next, limitMs)
  }

  if (caller.aborted) cancel()
  else caller.addEventListener('abort', cancel, { once: true })

  return {
    signal: controller.signal,
    get stop() {
      return stop
    },
    get firstTokenMs() {
      return firstTokenMs
    },
    responded: () => {
      if (phase === 'connect') enter('first_token', limits.firstTokenMs)
    },
    received: () => {
      if (phase === 'idle') current.refresh()
    },
    token: () => {
      if (phase === 'idle') return
      firstTokenMs = Math.round(performance.now() - started)
      enter('idle', limits.idleMs)
    },
    close: () => {
      clearTimeout(total)
      clearTimeout(current)
      caller.removeEventListener('abort', cancel)
      // Without a reason each of them would be an error with its stack.
      controller.abort(CLOSED)
    },
  }
}

const PHASES: Record<CallPhase, string> = {
  connect: 'did not answer',
  first_token: 'sent no first token',
  idle: 'went silent in the middle of its answer',
  total: 'did not finish its answer',
}

export const describeTimeout = (stop: Extract<CallStop, { why: 'timeout' }>): string =>
  `${PHASES[stop.phase]} within ${stop.limitMs} ms`
