import { runCommandLine } from '../command-line.ts'
import { parseConfig } from '../config.ts'
import type { Context } from '../context.ts'

/** Runs a command in this process, as main.ts does; `environment` is all that it knows of. */
export async function runCaptured(args: readonly string[], environment: Record<string, string> = {}, cwd = '/work') {
  const [out, err]: [string[], string[]] = [[], []]
  const { config, problems } = parseConfig(environment, cwd)
  const terminal: Context['terminal'] = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    divert: () => {},
    restore: () => {},
    isTty: false,
    port: { write: (text) => void err.push(text), size: () => ({ columns: 80, rows: 24 }) },
    paint: (_, text) => text,
    paintOut: (_, text) => text,
  }
  const context: Context = {
    config,
    problems,
    terminal,
    now: Date.now,
    onSignal: () => () => {},
    exitCode: 0,
    staysUp: false,
  }
  const code = await runCommandLine(context, ['node', 'flotilla', ...args], '1.2.3')
  return { code, out: out.join('\n'), err: err.join('\n') }
}
