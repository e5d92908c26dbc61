import { isTransientDbError } from './committer.ts'

/** Notices whether a port failed because the record was away: whatever comes of it is then not the attempt's fault. */
export type OutageWatch = Readonly<{
  seen: boolean
  /** The same port, watched. */
  over: <Args extends readonly unknown[], T>(port: (...args: Args) => Promise<T>) => (...args: Args) => Promise<T>
}>

/** A statement that took too long: it may do so for ever. */
const TIMED_OUT = '57014'

/** The record is away for a moment: nothing that a task has only so many tries for. */
export const isOutage = (error: unknown): boolean =>
  isTransientDbError(error) && (error as { code?: unknown }).code !== TIMED_OUT

export function createOutageWatch(): OutageWatch {
  let seen = false
  return {
    get seen() {
      return seen
    },
    over:
      (port) =>
      async (...args) => {
        try {
          return await port(...args)
        } catch (error) {
          seen ||= isOutage(error)
          throw error
        }
      },
  }
}
