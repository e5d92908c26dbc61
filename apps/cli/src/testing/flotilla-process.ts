/** For tests: the command line as processes of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { until } from '@flotilla/testing'
import { ROOT } from '../config.ts'

export interface FlotillaProcess {
  readonly child: ChildProcess
  readonly out: () => string
  readonly err: () => string
  /** The exit code, or 128 + n after signal n. */
  readonly exit: Promise<number>
}

export type Environment = Readonly<Record<string, string | undefined>>

const SIGNAL_NUMBERS: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }

export function startFlotilla(args: readonly string[], env: Environment, cwd = ROOT): FlotillaProcess {
  const child = spawn(process.execPath, [path.join(ROOT, 'apps/cli/src/main.ts'), ...args], {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const texts = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.err += text))
  const exit = once(child, 'close').then(([code, signal]: unknown[]) =>
    typeof code === 'number' ? code : 128 + (SIGNAL_NUMBERS[signal as NodeJS.Signals] ?? 0),
  )
  return { child, out: () => texts.out, err: () => texts.err, exit }
}

export type Finished = Readonly<{ code: number; out: string; err: string }>

export async function runFlotilla(args: readonly string[], env: Environment, cwd = ROOT): Promise<Finished> {
  const started = startFlotilla(args, env, cwd)
  return { code: await started.exit, out: started.out(), err: started.err() }
}

/** The address of a system that was started with `up`, once it is ready. */
export async function untilListening(system: FlotillaProcess): Promise<string> {
  const line = await until(
    () => {
      if (system.child.exitCode !== null) throw new Error(`it ended with ${system.child.exitCode}: ${system.err()}`)
      return /^Listening on (\S+)$/m.exec(system.out())
    },
    { what: 'the system listens', timeoutMs: 60_000 },
  )
  return line[1] ?? ''
}
