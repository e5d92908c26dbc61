import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { root, runMain } from './checkout.mjs'
import { runSteps } from './steps.mjs'
import { prepareToolchain } from './toolchain.mjs'

/** @typedef {import('./toolchain.mjs').Toolchain} Toolchain */

/** What takes longer hangs: the longest step takes a minute and a half on two cores. */
const limitMs = 12 * 60_000

/**
 * Everything that needs no services: format, lint, boundaries, dead code, types and unit tests.
 * @param {Toolchain} toolchain
 * @param {{ fix?: boolean, unitArgs?: readonly string[] }} [options] `unitArgs` go to vitest.
 * @returns {Promise<string[]>} The names of the steps that failed.
 */
export async function check({ node, env }, { fix = false, unitArgs = [] } = {}) {
  /** @param {string} tool */
  const bin = (tool) => path.join(root, 'node_modules', '.bin', tool)
  const writing = [
    { name: 'format', command: bin('oxfmt'), args: fix ? ['.'] : ['--check', '.'] },
    { name: 'lint', command: bin('oxlint'), args: ['--type-aware', ...(fix ? ['--fix'] : [])] },
  ]
  const reading = [
    { name: 'types', command: bin('tsc'), args: ['--project', '.'] },
    { name: 'types of the web app', command: bin('tsc'), args: ['--project', 'apps/web'] },
    { name: 'web app', command: node, args: [path.join(root, 'scripts', 'web-app.mjs')] },
    { name: 'unit tests', command: bin('vitest'), args: ['run', '--project', 'unit', ...unitArgs] },
    { name: 'boundaries', command: bin('turbo'), args: ['boundaries', '--no-color'] },
    { name: 'package rules', command: node, args: [path.join(root, 'scripts', 'package-rules.mjs')] },
    { name: 'dead code', command: bin('knip'), args: ['--no-progress'] },
  ]
  const quiet = { ...env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', NO_COLOR: '1' }
  // With --fix the first two write what the others read.
  if (!fix) return runSteps([...writing, ...reading], { env: quiet, cwd: root, limitMs })
  const failed = await runSteps(writing, { env: quiet, cwd: root, limitMs, atOnce: 1 })
  return [...failed, ...(await runSteps(reading, { env: quiet, cwd: root, limitMs }))]
}

async function main() {
  const failed = await check(await prepareToolchain(), { fix: process.argv.includes('--fix') })
  if (failed.length > 0) process.stdout.write(`\nfailed: ${failed.join(', ')}\n`)
  return failed.length === 0 ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runMain(main)
