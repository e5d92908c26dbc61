import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { check } from './check.mjs'
import { root, runMain } from './checkout.mjs'
import { runChild } from './child-process.mjs'
import { requireRedisServer } from './redis-server.mjs'
import { parseTestArgs } from './test-options.mjs'
import { noTests, sumOf, summaryLine, totalsOf } from './test-report.mjs'
import { prepareToolchain } from './toolchain.mjs'

/**
 * `npm test [-- [--only unit|integration|e2e] [--without-redis] VITEST-ARGS]`: the check, the integration tests and the
 * end-to-end tests; ends with `N passed, N failed`. A step of the check that fails counts as one failure.
 *
 * @typedef {import('./toolchain.mjs').Toolchain} Toolchain
 * @typedef {import('./test-report.mjs').Totals} Totals
 */

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

/** @param {Toolchain} toolchain @param {string} project @param {string[]} args @param {NodeJS.ProcessEnv} more */
async function runProject({ env }, project, args, more) {
  const report = reporting(project)
  const vitest = path.join(root, 'node_modules', '.bin', 'vitest')
  print(`\n── ${project} tests`)
  const code = await runChild(vitest, ['run', '--project', project, ...report.args, ...args], {
    cwd: root,
    env: { ...env, ...more },
    interrupts: 'unless-from-terminal',
  })
  if (code > 128) process.exit(code)
  return totalsOf(readReport(report.file), code)
}

/** @param {Toolchain} toolchain @param {string[]} args @returns {Promise<Totals>} */
async function runCheck(toolchain, args) {
  print('── check')
  const report = reporting('unit')
  const failed = await check(toolchain, { unitArgs: [...report.args, ...args] })
  const unitFailed = failed.includes('unit tests')
  const others = failed.filter((name) => name !== 'unit tests').length
  return sumOf([totalsOf(readReport(report.file), unitFailed ? 1 : 0), { ...noTests, failed: others }])
}

/** @param {string} file */
function readReport(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

async function main() {
  const { only, withoutRedis, vitestArgs } = parseTestArgs(process.argv.slice(2))
  const toolchain = await prepareToolchain()
  if (only !== 'unit' && !withoutRedis) await requireRedisServer(toolchain.env)
  const more = withoutRedis ? { FLOTILLA_TEST_WITHOUT_REDIS: '1' } : {}
  /** @type {Totals[]} */
  const runs = []
  if (only === undefined) runs.push(await runCheck(toolchain, vitestArgs))
  for (const project of only === undefined ? ['integration', 'e2e'] : [only]) {
    runs.push(await runProject(toolchain, project, vitestArgs, more))
  }
  const totals = sumOf(runs)
  if (totals.skippedSuites.length > 0) {
    print(`\nnot run${withoutRedis ? ' (--without-redis)' : ''}:`)
    for (const suite of totals.skippedSuites) print(`  ${path.relative(root, suite)}`)
  }
  print(`\n${summaryLine(totals)}`)
  return totals.failed === 0 ? 0 : 1
}

await runMain(main)
