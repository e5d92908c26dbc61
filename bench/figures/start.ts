import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from '../machine/facts.ts'
import { disturbance, takeSample } from '../machine/load.ts'
import type { Measurement } from '../report/table.ts'
import { openScope, temporaryFolder, type Scope } from '../scope.ts'
import { DISTURBANCE_COLUMNS, type Bench, type Figure } from './figure.ts'

const UP = ['run', '--silent', 'flotilla', '--', 'up', '--port', '0']

export const start: Figure = {
  title: 'Start: from `npm run --silent flotilla -- up --port 0` until "Listening"',
  subject: ['start'],
  columns: [{ key: 'seconds', title: 's' }, ...DISTURBANCE_COLUMNS],
  measure: measureStart,
}

async function* measureStart(bench: Bench): AsyncGenerator<Measurement> {
  const { reps, coldFull } = bench.options
  for (let rep = 1; rep <= reps; rep += 1) {
    bench.say(`cold and warm start, repetition ${rep} of ${reps}`)
    yield* measureCheckout(bench, 'cold: fresh clone, no toolchain', false)
    if (coldFull) yield* measureCheckout(bench, 'cold, with empty npm cache and pnpm store', true)
  }
}

/** A clone's first start sets everything up, its database included; the next one finds all of it. */
async function* measureCheckout({ shutdown }: Bench, name: string, emptyCaches: boolean): AsyncGenerator<Measurement> {
  await using scope = openScope(shutdown)
  const folder = await temporaryFolder(scope)
  const checkout = path.join(folder, 'checkout')
  const env = { ...outsideEnvironment(), ...(emptyCaches ? await emptyCachesIn(folder) : {}) }
  await run(scope, { command: 'git', args: ['clone', '--quiet', ROOT, checkout], cwd: folder, env, until: null })
  const up = { command: 'npm', args: UP, cwd: checkout, env, until: /^Listening on http/ }
  yield { subject: [name], values: await timed(() => run(scope, up)) }
  if (!emptyCaches) yield { subject: ['warm: the same clone again'], values: await timed(() => run(scope, up)) }
}

async function timed(work: () => Promise<number>) {
  const before = await takeSample({})
  const seconds = await work()
  return { seconds, ...disturbance(before, await takeSample({})) }
}

/** As in a shell: without what npm and the toolchain have added for this process, and without settings of Flotilla. */
function outsideEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([key]) => !/^(npm_|FLOTILLA_|DATABASE_URL$|REDIS_URL$|NODE_OPTIONS$|INIT_CWD$)/.test(key),
  )
  const searched = (process.env['PATH'] ?? '').split(path.delimiter)
  const outside = searched.filter((each) => !path.resolve(each).startsWith(path.resolve(ROOT) + path.sep))
  return { ...Object.fromEntries(kept), PATH: outside.join(path.delimiter) }
}

async function emptyCachesIn(folder: string): Promise<NodeJS.ProcessEnv> {
  const env = {
    npm_config_cache: path.join(folder, 'npm-cache'),
    XDG_CACHE_HOME: path.join(folder, 'cache'),
    XDG_DATA_HOME: path.join(folder, 'data'),
    XDG_STATE_HOME: path.join(folder, 'state'),
  }
  for (const each of Object.values(env)) await mkdir(each)
  return env
}

type Command = Readonly<{
  command: string
  args: readonly string[]
  cwd: string
  env: NodeJS.ProcessEnv
  /** The line that is waited for, after which the command is interrupted; null for its end. */
  until: RegExp | null
}>

/** Seconds until the line came, or the end. Resolves when the command is gone. */
async function run(scope: Scope, { command, args, cwd, env, until }: Command): Promise<number> {
  const begun = performance.now()
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const gone = new Promise<number | null>((resolve) => void child.once('close', resolve))
  // As a terminal's Ctrl-C, which reaches the whole group.
  const interrupt = (): void =>
    void (child.pid !== undefined && child.exitCode === null && process.kill(-child.pid, 'SIGINT'))
  scope.add(command, async () => {
    interrupt()
    await gone
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const startError = new Promise<never>((_resolve, reject) => void child.once('error', reject))
  const line = new Promise<number>((resolve) => {
    createInterface(child.stdout).on('line', (text) => {
      if (until?.test(text)) resolve((performance.now() - begun) / 1000)
    })
  })
  const first = await Promise.race([line, gone.then((code) => ({ code })), startError])
  if (typeof first === 'number') interrupt()
  else if (until !== null || first.code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with exit ${first.code}:\n${said.slice(-3_000)}`)
  await gone
  return typeof first === 'number' ? first : (performance.now() - begun) / 1000
}
