import { accessSync, constants, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { ScriptError, root, say } from './checkout.mjs'
import { captureChild } from './child-process.mjs'

/**
 * Makes sure that the tests find a `redis-server` on PATH, by Debian's package where that may be installed.
 * @param {NodeJS.ProcessEnv} env
 */
export async function requireRedisServer(env) {
  if (isOnPath('redis-server', env)) return
  const failure = mayInstall(env)
    ? await installWithApt(env)
    : 'it is not on PATH, and only root with apt-get can install it here'
  if (failure === null && isOnPath('redis-server', env)) return
  const suites = suitesOnRedis()
  throw new ScriptError(
    [
      `There is no redis-server: ${failure ?? 'the package was installed without one'}.`,
      `No test ran. These need Redis:`,
      ...suites.map((file) => `  ${file}`),
      'Install Redis 7 (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis),',
      'or leave those suites out: npm test -- --without-redis',
    ].join('\n'),
  )
}

/** @param {NodeJS.ProcessEnv} env */
function mayInstall(env) {
  return process.getuid?.() === 0 && isOnPath('apt-get', env)
}

/** @param {NodeJS.ProcessEnv} env @returns {Promise<string | null>} Why it failed. */
async function installWithApt(env) {
  say('installing redis-server with apt-get')
  // Run level 1 keeps the package from starting a service of its own.
  const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', 'redis-server']]) {
    const { code, output } = await captureChild('apt-get', args, { env: quiet })
    if (code !== 0) return `apt-get ${args.join(' ')} failed:\n${output.trim()}\n`
  }
  return null
}

/** @param {string} program @param {NodeJS.ProcessEnv} env */
function isOnPath(program, env) {
  return (env['PATH'] ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** The test files that say of themselves that they need Redis. */
function suitesOnRedis() {
  return ['packages', 'apps', 'tests']
    .flatMap((parent) => testFiles(path.join(root, parent)))
    .filter((file) => /\bdescribeOn(Redis|EachBackend)\(/.test(readFileSync(path.join(root, file), 'utf8')))
}

/** @param {string} folder @returns {string[]} */
function testFiles(folder) {
  let entries
  try {
    entries = readdirSync(folder, { withFileTypes: true })
  } catch {
    return []
  }
  return entries.flatMap((entry) => {
    const child = path.join(folder, entry.name)
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : testFiles(child)
    return /\.(itest|e2e)\.ts$/.test(entry.name) ? [path.relative(root, child)] : []
  })
}
