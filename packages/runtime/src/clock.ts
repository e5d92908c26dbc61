/** The only source of the current time for code that decides by time. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

/** Timers as an argument, so that tests move time instead of waiting for it. */
export interface Timers {
  /** Returns what cancels the call; cancelling after it ran does nothing. */
  after(ms: number, call: () => void): () => void
}

export const systemTimers: Timers = {
  after(ms, call) {
    const handle = setTimeout(call, ms)
    return () => clearTimeout(handle)
  },
}

/** Timers with their own clock, for waits and slices: it never goes back, and says nothing of the date. */
export interface Scheduler extends Timers {
  /** Milliseconds since some moment. */
  now(): number
  /** Calls after all that is under way in this turn of the process. */
  soon(call: () => void): void
}

export const systemScheduler: Scheduler = {
  ...systemTimers,
  now: () => performance.now(),
  soon: (call) => void setImmediate(call),
}
