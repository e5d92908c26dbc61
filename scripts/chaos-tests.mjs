import path from 'node:path'
import { root } from './checkout.mjs'
import { runChild } from './child-process.mjs'
import { noTests, sumOf } from './test-report.mjs'

/**
 * The parts of `npm test` that run under faults. Each campaign and each mutant counts as a test.
 *
 * @typedef {import('./toolchain.mjs').Toolchain} Toolchain
 * @typedef {import('./test-report.mjs').Totals} Totals
 *
 * @typedef {object} PartOptions
 * @property {string[]} args
 * @property {boolean} withoutRedis
 * @property {() => number | undefined} timeLeftMs Undefined where the part may take as long as it likes.
 */

const program = path.join(root, 'tests', 'chaos', 'run.ts')
/** The same in every run: a campaign that fails here fails again when it is repeated. */
const seed = '1'

/** A minute of every fault on each backend. @param {Toolchain} toolchain @param {PartOptions} options */
export async function runChaos({ node, env }, { args, withoutRedis, timeLeftMs }) {
  /** @type {Totals[]} */
  const runs = []
  for (const backend of ['redis', 'embedded']) {
    if (backend === 'redis' && withoutRedis) {
      runs.push({ ...noTests, skipped: 1, skippedSuites: ['chaos › on redis'] })
      continue
    }
    const limitMs = timeLeftMs()
    const code = await runChild(node, [program, '--backend', backend, '--seed', seed, ...args], {
      cwd: root,
      env,
      limitMs,
    })
    if (code > 128) process.exit(code)
    const failure = `chaos on ${backend}, seed ${seed}: exit code ${code}`
    runs.push(code === 0 ? { ...noTests, passed: 1 } : { ...noTests, failures: [failure] })
  }
  return sumOf(runs)
}

/**
 * @param {Toolchain} toolchain
 * @param {PartOptions} options `args`: part of the names of the mutants to try; none for all.
 * @returns {Promise<Totals>}
 */
export async function runMutants({ node, env }, { args, withoutRedis, timeLeftMs }) {
  if (withoutRedis) return { ...noTests, skipped: 1, skippedSuites: ['mutants'] }
  let json = ''
  const code = await runChild(node, [program, '--mutants', '--json', ...args], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
    limitMs: timeLeftMs(),
    onSpawn: (child) => child.stdout?.setEncoding('utf8').on('data', (text) => (json += text)),
  })
  if (code > 128) process.exit(code)
  return mutantTotals(json, code)
}

/** A killed mutant is a test that passed. @param {string} json @param {number} exitCode @returns {Totals} */
export function mutantTotals(json, exitCode) {
  const mutants = /** @type {{ name: string, killed: boolean, guards: string }[]} */ (
    json.trim() === '' ? [] : JSON.parse(json)
  )
  const failures = mutants.flatMap(({ name, killed, guards }) => (killed ? [] : [`mutant ${name}, alive: ${guards}`]))
  if (exitCode !== 0 && failures.length === 0) failures.push(`mutants: exit code ${exitCode}`)
  return { ...noTests, passed: mutants.filter(({ killed }) => killed).length, failures }
}
