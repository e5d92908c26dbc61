import { spawn, type ChildProcess } from 'node:child_process'
import type { Log } from './logger.ts'

export interface ProcessExit {
  readonly pid: number | undefined
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Why the process could not be started at all. */
  readonly error?: Error
  /** Milliseconds until the next start; null when there is none. */
  readonly restartInMs: number | null
}

export interface SuperviseOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment of the process; nothing is inherited. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  readonly log: Log
  readonly restart: 'always' | 'never'
  /** The first restart waits `min`, each further one twice as long up to `max`; a process that outlives `max` begins anew. */
  readonly backoffMs: { readonly min: number; readonly max: number }
  /** File descriptor for standard output and error of the process; 2 by default, since standard output belongs to data. */
  readonly outputFd?: number
  readonly onExit?: (exit: ProcessExit) => void
  /** What the process sends over its IPC channel (`process.send`). */
  readonly onMessage?: (message: unknown) => void
}

export interface SupervisedProcess {
  readonly name: string
  /** Undefined while no process runs. */
  readonly pid: number | undefined
  /** Over its IPC channel; what a process that is ending no longer hears is lost. */
  send(message: object): void
  /** SIGTERM, then SIGKILL to the whole group after `graceMs`; no restart follows. Resolves when the process is gone. */
  stop(graceMs: number): Promise<void>
}

/**
 * Keeps a child process running. The child leads a process group of its own: a terminal's Ctrl-C reaches only the
 * parent, which stops its children in order. Its IPC channel closes when the parent dies, even by SIGKILL, so a child
 * that listens for `disconnect` never outlives it.
 */
export function superviseProcess(options: SuperviseOptions): SupervisedProcess {
  const { name, log, restart, backoffMs, onExit, onMessage } = options
  let child: ChildProcess | undefined
  let gone: Promise<void> = Promise.resolve()
  let restartTimer: NodeJS.Timeout | undefined
  let waitMs: number | undefined
  let stopping = false

  const start = (): void => {
    const startedAt = performance.now()
    const started = spawnGroup(options)
    child = started
    if (onMessage) started.on('message', onMessage)
    gone = exitOf(started).then((exit) => {
      child = undefined
      killGroup(started.pid, 'SIGKILL')
      const again = restart === 'always' && !stopping
      waitMs = nextBackoffMs(waitMs, performance.now() - startedAt, backoffMs)
      if (again) restartTimer = setTimeout(start, waitMs)
      const report = { pid: started.pid, ...exit, restartInMs: again ? waitMs : null }
      const { pid: childPid, ...ended } = report
      if (!stopping)
        log.warn({ process: name, childPid, ...ended }, again ? 'process ended, restarting' : 'process ended')
      onExit?.(report)
    })
  }
  const endChild = (): void => killChild(child, 'SIGTERM')
  process.once('exit', endChild)
  start()

  return {
    name,
    get pid() {
      return child?.pid
    },
    send(message) {
      child?.send(message, () => {}) // A channel that has closed belongs to a process whose end is reported.
    },
    async stop(graceMs) {
      stopping = true
      process.off('exit', endChild)
      clearTimeout(restartTimer)
      killChild(child, 'SIGTERM')
      const pid = child?.pid
      const force = setTimeout(() => {
        log.warn({ process: name, childPid: pid, graceMs }, 'process did not end in time, killing it')
        killGroup(pid, 'SIGKILL')
      }, graceMs)
      await gone
      clearTimeout(force)
    },
  }
}

export function nextBackoffMs(
  previousMs: number | undefined,
  livedMs: number,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  return previousMs === undefined || livedMs > max ? min : Math.min(previousMs * 2, max)
}

function spawnGroup({ command, args, env, cwd, outputFd = 2 }: SuperviseOptions): ChildProcess {
  return spawn(command, args, {
    env,
    detached: true,
    stdio: ['ignore', outputFd, outputFd, 'ipc'],
    ...(cwd === undefined ? {} : { cwd }),
  })
}

function exitOf(child: ChildProcess): Promise<Omit<ProcessExit, 'pid' | 'restartInMs'>> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', (error) => {
      // A process that started reports its own exit; `error` then only says that a signal or a message did not arrive.
      if (child.pid === undefined) resolve({ code: null, signal: null, error })
    })
  })
}

function killChild(child: ChildProcess | undefined, signal: NodeJS.Signals): void {
  if (child?.pid !== undefined) child.kill(signal)
}

/** Ends what a process left in its group; a group that is gone is what was wanted. */
function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
