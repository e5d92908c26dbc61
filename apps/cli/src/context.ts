import type { Command } from 'commander'
import type { Config } from './config.ts'
import type { Terminal } from './terminal.ts'

/** 0 done, 1 failed, 2 called wrongly, 3 the run rests and nobody looks on, 130 ended by Ctrl-C, 143 by SIGTERM. */
export const EXIT = { done: 0, failed: 1, usage: 2, paused: 3, interrupted: 130, terminated: 143 } as const

/** What a command works with; the action of each answers its exit code. */
export interface Context {
  readonly config: Config
  /** What is wrong with the environment; only the doctor runs in spite of it. */
  readonly problems: readonly string[]
  readonly terminal: Terminal
  readonly now: () => number
  /** Calls back on a signal until the returned function is called. */
  readonly onSignal: (signal: NodeJS.Signals, listener: () => void) => () => void
  exitCode: number
  /** Goes on when nobody reads its output any more. */
  staysUp: boolean
}

/** What every command that talks to a server takes. */
export interface ServerOptions {
  readonly json?: boolean
  readonly url?: string
  readonly apiKey?: string
}

/** A command file: puts its commands into the program. */
export type Register = (program: Command, context: Context) => void
