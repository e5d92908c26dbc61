import { captureChild, timedOut } from './child-process.mjs'

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string} command
 * @property {readonly string[]} args
 */

/**
 * @typedef {object} StepsOptions
 * @property {NodeJS.ProcessEnv} env
 * @property {string} cwd
 * @property {number} [atOnce]
 * @property {number} [limitMs] Of each step.
 * @property {(text: string) => void} [print]
 */

/**
 * Runs every step, a few at once, whatever the others do; prints a line for each with its seconds, and the output of
 * those that fail. Answers the names of the failed ones.
 * @param {readonly Step[]} steps
 * @param {StepsOptions} options
 */
export async function runSteps(steps, options) {
  const { env, cwd, atOnce = 2, limitMs, print = (text) => void process.stdout.write(text) } = options
  /** @type {string[]} */
  const failed = []
  const waiting = [...steps]
  const width = Math.max(...steps.map(({ name }) => name.length))
  const worker = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const startedAt = performance.now()
      const { code, output } = await captureChild(step.command, step.args, { env, cwd, limitMs }).catch((error) => ({
        code: 1,
        output: String(error),
      }))
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
      print(`${code === 0 ? '✓' : '✗'} ${step.name.padEnd(width)} ${seconds.padStart(6)} s\n`)
      if (code === 0) continue
      failed.push(step.name)
      if (code === timedOut) print(`    it was ended at its limit of ${Math.round((limitMs ?? 0) / 60_000)} min\n`)
      print(`${output.trim().replaceAll(/^/gm, '    ')}\n`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, steps.length) }, worker))
  return failed
}
