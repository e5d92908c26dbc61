import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { fail, ok, type Check } from './check.ts'

type Found = Readonly<{ ok: true; tools: readonly string[] }> | Readonly<{ ok: false; problems: readonly string[] }>

/** More than the loader gives a module: only what holds the thread is still there by then. */
const CHILD_MS = 15_000
const CHILD = fileURLToPath(new URL('load-tools-child.ts', import.meta.url))

/** Loads the modules of FLOTILLA_TOOLS in a process of their own. */
export async function checkTools(
  { tools: modules, environment }: Pick<Config, 'tools' | 'environment'>,
  childMs: number = CHILD_MS,
): Promise<Check[]> {
  if (modules.length === 0) return []
  const found = await loadInChild(modules, { environment, childMs })
  if (found.ok) return [ok('Tools', `loaded: ${found.tools.join(', ')}`)]
  return found.problems.map((problem) =>
    fail('Tools', problem, 'correct the module, or FLOTILLA_TOOLS; see docs/tools.md'),
  )
}

type Child = Readonly<{ environment: Config['environment']; childMs: number }>

function loadInChild(modules: readonly string[], { environment, childMs }: Child): Promise<Found> {
  const { promise, resolve, reject } = Promise.withResolvers<Found>()
  const child = fork(CHILD, modules, { env: environment, execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  const which = modules.join(', ')
  const problem = (what: string): void => resolve({ ok: false, problems: [`${which}: ${what}`] })
  const timer = setTimeout(() => {
    child.kill('SIGKILL')
    problem(`not loaded after ${childMs / 1_000} s: a module does not let go of the thread`)
  }, childMs)
  // Its message comes before its exit, so the exit decides only where none came.
  child.on('message', (message) => resolve(message as Found))
  child.on('exit', (code, signal) => problem(`a module ended the process that loaded it, with ${signal ?? code}`))
  child.on('error', reject)
  return promise.finally(() => clearTimeout(timer))
}
