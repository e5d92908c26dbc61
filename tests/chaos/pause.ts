import { systemTimers } from '@flotilla/runtime'

/** A campaign's own pace. What it waits for, it waits for with `until`. */
export function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  systemTimers.after(ms, resolve)
  return promise
}
