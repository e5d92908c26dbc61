import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * @typedef {object} ChildOptions
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [cwd]
 * @property {import('node:child_process').StdioOptions} [stdio]
 * @property {'always' | 'unless-from-terminal'} [interrupts] Whether SIGINT is passed on when a terminal has already
 *   sent it to the whole process group: `always` to a child that takes two within half a second for one.
 * @property {(child: import('node:child_process').ChildProcess) => void} [onSpawn]
 * @property {number | undefined} [limitMs] When it has run this long it is told to end, and killed if it does not.
 */

const passedOn = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
/** One Ctrl-C arrives twice, from the terminal and from npm, which passes its own copy on. */
const echoMs = 500
/** From being told to end to being killed. */
const graceMs = 10_000
/** For the last output of a child that has ended; a process that it left behind may hold the pipe for ever. */
const lastOutputMs = 2_000

/**
 * Runs a program to its end while passing signals on to it, and answers its exit code: 128 + n after signal n, 124 after its limit.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {ChildOptions} [options]
 * @returns {Promise<number>}
 */
export function runChild(command, args, options = {}) {
  const { env = process.env, cwd, stdio = 'inherit', interrupts = 'always', onSpawn, limitMs } = options
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { env, cwd, stdio })
    onSpawn?.(child)
    const stopListening = passSignalsOn(child, interrupts)
    const limit = endAfter(child, limitMs)
    child.once('error', (error) => {
      stopListening()
      limit.clear()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      stopListening()
      limit.clear()
      const exitCode = limit.passed() ? timedOut : (code ?? 128 + constants.signals[signal ?? 'SIGKILL'])
      void lastOutput(child).then(() => resolve(exitCode))
    })
  })
}

/** The exit code of a child that was ended at its limit. */
export const timedOut = 124

/** @param {import('node:child_process').ChildProcess} child @param {number | undefined} limitMs */
function endAfter(child, limitMs) {
  let passed = false
  /** @type {NodeJS.Timeout[]} */
  const timers = []
  if (limitMs !== undefined) {
    const end = () => {
      passed = child.kill('SIGTERM')
      timers.push(setTimeout(() => child.kill('SIGKILL'), graceMs))
    }
    timers.push(setTimeout(end, limitMs))
  }
  return { passed: () => passed, clear: () => timers.forEach((timer) => clearTimeout(timer)) }
}

/** @param {import('node:child_process').ChildProcess} child */
async function lastOutput(child) {
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  const waiting = new AbortController()
  const closed = Promise.all(streams.filter((stream) => !stream.closed).map((stream) => once(stream, 'close')))
  await Promise.race([closed, sleep(lastOutputMs, null, { signal: waiting.signal }).catch(() => null)])
  waiting.abort()
  for (const stream of streams) stream.destroy()
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {'always' | 'unless-from-terminal'} interrupts
 */
function passSignalsOn(child, interrupts) {
  /** @type {Map<NodeJS.Signals, number>} */
  const lastAt = new Map()
  /** @param {NodeJS.Signals} signal */
  const passOn = (signal) => {
    const now = performance.now()
    const isEcho = now - (lastAt.get(signal) ?? -Infinity) < echoMs
    lastAt.set(signal, now)
    const reachedAnyway = signal === 'SIGINT' && interrupts === 'unless-from-terminal' && hasTerminal()
    if (!isEcho && !reachedAnyway) child.kill(signal)
  }
  for (const signal of passedOn) process.on(signal, passOn)
  const watch = whenNpmEnds(() => passOn('SIGTERM'))
  return () => {
    clearInterval(watch)
    for (const signal of passedOn) process.off(signal, passOn)
  }
}

/**
 * npm passes a SIGTERM to the shell between it and this script, and a shell may die of it without a word (the `exec` in
 * package.json leaves it out where the shell understands it); an npm that is killed outright says nothing either.
 * @param {() => void} act
 */
function whenNpmEnds(act) {
  if (process.env['npm_lifecycle_event'] === undefined) return undefined
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    act()
  }, 500)
  return watch.unref()
}

function hasTerminal() {
  return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
}

/**
 * Runs a program to its end with its output kept.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {ChildOptions} [options]
 * @returns {Promise<{ code: number, output: string }>}
 */
export async function captureChild(command, args, options = {}) {
  let output = ''
  const code = await runChild(command, args, {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    onSpawn: (child) => {
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (output += String(data)))
    },
  })
  return { code, output }
}
