import { superviseProcess, type Log } from '@flotilla/runtime'
import type { Environment } from '../config.ts'
import { openChildLog } from './child-log.ts'

export interface KeptProcessOptions {
  /** Also the name of its log. */
  readonly name: string
  readonly script: string
  readonly dataDir: string
  /** Asked at each start. */
  readonly environment: () => Environment
  readonly log: Log
  /** The process never gets to work; it is not started again. */
  readonly onHopeless: (problem: string) => void
}

export interface KeptProcess {
  readonly name: string
  readonly pid: number | undefined
  stop(graceMs: number): Promise<void>
}

/** A process that was ready once, or has lived this long, can work, and is started again however often it dies. */
const PROVEN_MS = 5_000
const HOPELESS_AFTER = 4

/** Runs one of the system's programs for as long as the system does. */
export function keepProcess(options: KeptProcessOptions): KeptProcess {
  const { name, script, dataDir, environment, log, onHopeless } = options
  const output = openChildLog({ dataDir, name, log })
  let startedAt = performance.now()
  let proven = false
  let deaths = 0
  let stopping = false
  const supervised = superviseProcess({
    name,
    command: process.execPath,
    args: [script],
    // Read at each start, so every start may differ.
    get env() {
      startedAt = performance.now()
      return environment()
    },
    log,
    restart: 'always',
    backoffMs: { min: 50, max: PROVEN_MS },
    outputFd: output.fd,
    onExit: ({ code, signal, error }) => {
      output.read()
      const words = output.takeLastWords()
      const last = words?.text ?? null
      if (words !== null && !words.told && code !== 0 && !stopping) log.warn({ process: name }, words.text)
      proven ||= output.wasReady() || performance.now() - startedAt >= PROVEN_MS
      deaths += 1
      if (proven || deaths !== HOPELESS_AFTER) return
      const how = error?.message ?? (signal === null ? `exit ${code}` : signal)
      onHopeless(
        `the ${name} process does not start (${how})${last === null ? '' : `: ${last}`}. Its log is ${dataDir}/logs/${name}.log`,
      )
    },
  })
  return {
    name,
    get pid() {
      return supervised.pid
    },
    async stop(graceMs) {
      stopping = true
      await supervised.stop(graceMs)
      output.close()
    },
  }
}
