import { spawn, type ChildProcess } from 'node:child_process'
import { openSync, closeSync } from 'node:fs'
import { until } from '@flotilla/testing'
import { pause } from '../pause.ts'

/** Process ends that no fault has asked for. `ready`: it had begun to serve. */
export type Crash = Readonly<{
  worker: number
  ready: boolean
  code: number | null
  signal: NodeJS.Signals | null
  at: number
}>

export type SlotOptions = Readonly<{
  worker: number
  logFile: string
  /** The program of the next process. */
  program: () => string
  /** The environment of its `start`th process, counted from 0. */
  envOf: (start: number) => Readonly<Record<string, string>>
  onCrash: (crash: Crash) => void
  /** It serves, or does so no more; a stopped process does not. */
  onUp: (up: boolean) => void
}>

/** A worker's place in the fleet: whoever ends in it is started again. */
export interface WorkerSlot {
  readonly ready: boolean
  /** How long each of its processes took until it served, in milliseconds. */
  readonly startsMs: readonly number[]
  start(): Promise<void>
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void
  /** SIGTERM, and no start afterwards. Answers whether it ended by itself within `withinMs`, and with 0. */
  stop(withinMs: number): Promise<boolean>
}

const CLOCK = new URL('skewed-clock.ts', import.meta.url).href
const READY_MS = 60_000
const AGAIN_MS = 100

export function createWorkerSlot(options: SlotOptions): WorkerSlot {
  let child: ChildProcess | undefined
  let starts = 0
  let ready = false
  let asked = false
  let stopping = false
  let lastCode: number | null = null
  const startsMs: number[] = []

  const launch = (): void => {
    const started = spawnWorker(options, starts++)
    child = started
    ready = false
    asked = false
    const launchedAt = performance.now()
    started.stdout?.setEncoding('utf8').on('data', (text: string) => {
      if (!text.includes('"event":"ready"')) return
      ready = true
      startsMs.push(performance.now() - launchedAt)
      options.onUp(true)
    })
    started.once('exit', (code, signal) => {
      lastCode = code
      child = undefined
      if (!asked && !stopping) options.onCrash({ worker: options.worker, ready, code, signal, at: Date.now() })
      ready = false
      options.onUp(false)
      if (!stopping) void pause(AGAIN_MS).then(() => stopping || launch())
    })
  }

  return {
    get ready() {
      return ready
    },
    startsMs,
    async start() {
      launch()
      await until(() => ready, {
        what: `worker ${options.worker} is ready; see ${options.logFile}`,
        timeoutMs: READY_MS,
      })
    },
    signal(name) {
      if (name === 'SIGKILL' || name === 'SIGTERM') asked = true
      child?.kill(name)
      options.onUp(ready && name === 'SIGCONT')
    },
    async stop(withinMs) {
      stopping = true
      const last = child
      if (last === undefined) return true
      // A signal ends a process that does not listen for it yet.
      const served = ready
      last.kill('SIGCONT')
      last.kill('SIGTERM')
      const gone = (): boolean => last.exitCode !== null || last.signalCode !== null
      const inTime = await until(gone, { what: 'the worker has ended', timeoutMs: withinMs }).catch(() => false)
      if (!inTime) last.kill('SIGKILL')
      await until(gone, { what: 'the killed worker is gone' })
      return inTime && (lastCode === 0 || !served)
    },
  }
}

function spawnWorker({ logFile, program, envOf }: SlotOptions, start: number): ChildProcess {
  const log = openSync(logFile, 'a')
  try {
    // The channel closes with this process, and a worker ends when it does.
    return spawn(process.execPath, ['--import', CLOCK, program()], {
      env: { ...envOf(start) },
      stdio: ['ignore', 'pipe', log, 'ipc'],
    })
  } finally {
    closeSync(log)
  }
}
