import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { installPackage, isOnPath } from './apt.mjs'
import { ScriptError, root } from './checkout.mjs'

/**
 * Makes sure that the tests find a `redis-server` on PATH, by Debian's package where that may be installed.
 * @param {NodeJS.ProcessEnv} env
 */
export async function requireRedisServer(env) {
  if (isOnPath('redis-server', env)) return
  const failure = await installPackage('redis-server', env)
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
