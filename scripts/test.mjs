import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { runChaos, runMutants } from './chaos-tests.mjs'
import { check } from './check.mjs'
import { provideChromium } from './chromium.mjs'
import { root, runMain } from './checkout.mjs'
import { runChild } from './child-process.mjs'
import { requireRedisServer } from './redis-server.mjs'
import { provideOldestPostgres } from './oldest-postgres.mjs'
import { parseTestArgs } from './test-options.mjs'
import { noTests, sumOf, summaryLine, totalsOf } from './test-report.mjs'
import { prepareToolchain } from './toolchain.mjs'

/**
 * `npm test [-- [--only PART] [--without-redis] ARGS]`: the check, the integration tests, those of the record on the oldest
 * Postgres, the end-to-end tests, a minute of every fault on each backend, and the mutants; ends with `N passed, N failed`. A step of the check that fails counts as one
 * failure, a campaign with a violation as another, and so does a mutant that survives. ARGS go to the one part that is
 * named; where none is, they go to vitest, and its parts alone run.
 *
 * @typedef {import('./toolchain.mjs').Toolchain} Toolchain
 * @typedef {import('./test-report.mjs').Totals} Totals
 */

/** All of it takes 47 minutes on two quiet cores; what has not ended by then is ended, and counts as a failure. */
const limitOfAllMs = 58 * 60_000

const artifacts = path.join(root, 'test-artifacts')

/** @param {string} line */
const print = (line) => process.stdout.write(`${line}\n`)

/** @param {string} project */
function reporting(project) {
  const file = path.join(artifacts, `${project}.json`)
  rmSync(file, { force: true })
  mkdirSync(artifacts, { recursive: true })
  return { file, args: ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`] }
}

/** @param {Toolchain} toolchain @param {string} project @param {import('./chaos-tests.mjs').PartOptions} options */
async function runProject({ env }, project, { args, withoutRedis, timeLeftMs }) {
  const report = reporting(project)
  const vitest = path.join(root, 'node_modules', '.bin', 'vitest')
  const code = await runChild(vitest, ['run', '--project', project, ...report.args, ...args], {
    cwd: root,
    env: { ...env, ...(withoutRedis ? { FLOTILLA_TEST_WITHOUT_REDIS: '1' } : {}) },
    interrupts: 'unless-from-terminal',
    limitMs: timeLeftMs(),
  })
  if (code > 128) process.exit(code)
  return totalsOf(project, readReport(report.file), code)
}

/** @param {Toolchain} toolchain @param {string[]} args @returns {Promise<Totals>} */
async function runCheck(toolchain, args) {
  print('── check')
  const report = reporting('unit')
  const failed = await check(toolchain, { unitArgs: [...report.args, ...args] })
  const unitFailed = failed.includes('unit tests')
  const others = failed.filter((name) => name !== 'unit tests').map((name) => `check: ${name}`)
  return sumOf([totalsOf('unit', readReport(report.file), unitFailed ? 1 : 0), { ...noTests, failures: others }])
}

/** @param {string} file */
function readReport(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

const afterCheck = /** @type {const} */ (['integration', 'oldest-postgres', 'e2e', 'chaos', 'mutants'])

/** @param {string} part */
const isUnderFaults = (part) => part === 'chaos' || part === 'mutants'

/**
 * @param {Toolchain} toolchain
 * @param {import('./test-options.mjs').TestOptions['only'] & string} part
 * @param {import('./chaos-tests.mjs').PartOptions} options
 */
function runPart(toolchain, part, options) {
  print(`\n── ${isUnderFaults(part) ? part : `${part} tests`}`)
  if (part === 'chaos') return runChaos(toolchain, options)
  if (part === 'mutants') return runMutants(toolchain, options)
  return runProject(toolchain, part, options)
}

async function main() {
  const { only, withoutRedis, rest } = parseTestArgs(process.argv.slice(2))
  const toolchain = await prepareToolchain()
  if (only !== 'unit' && only !== 'oldest-postgres' && !withoutRedis) await requireRedisServer(toolchain.env)
  if (only === undefined || only === 'e2e') await provideChromium(toolchain.env)
  if (only === undefined || only === 'oldest-postgres') await provideOldestPostgres(toolchain.env)
  /** @type {Totals[]} */
  const runs = []
  if (only === undefined) runs.push(await runCheck(toolchain, rest))
  const parts = only === undefined ? afterCheck.filter((part) => rest.length === 0 || !isUnderFaults(part)) : [only]
  const timeLeftMs = () => (only === undefined ? Math.max(1, limitOfAllMs - performance.now()) : undefined)
  for (const part of parts) runs.push(await runPart(toolchain, part, { args: rest, withoutRedis, timeLeftMs }))
  if (timeLeftMs() === 1) print(`\nended: all of it has to end within ${limitOfAllMs / 60_000} min`)
  const totals = sumOf(runs)
  if (totals.skippedSuites.length > 0) {
    print(`\nnot run${withoutRedis ? ' (--without-redis)' : ''}:`)
    for (const suite of totals.skippedSuites) print(`  ${path.relative(root, suite)}`)
  }
  if (totals.failures.length > 0) print(`\nfailed:\n${totals.failures.map((each) => `  ${each}`).join('\n')}`)
  print(`\n${summaryLine(totals)}`)
  return totals.failures.length === 0 ? 0 : 1
}

await runMain(main)
