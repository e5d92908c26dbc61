import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { say } from './checkout.mjs'
import { captureChild } from './child-process.mjs'

/** Debian's packages for the programs that tests need beside Node. */

/**
 * Installs a package where that may be done. Answers why it could not be, or null.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string | null>}
 */
export async function installPackage(name, env) {
  if (process.getuid?.() !== 0 || !isOnPath('apt-get', env)) return 'only root with apt-get can install it here'
  say(`installing ${name} with apt-get`)
  // Run level 1 keeps the package from starting a service of its own.
  const quiet = { ...env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', name]]) {
    const { code, output } = await captureChild('apt-get', args, { env: quiet })
    if (code !== 0) return `apt-get ${args.join(' ')} failed:\n${output.trim()}\n`
  }
  return null
}

/** @param {string} program @param {NodeJS.ProcessEnv} env */
export function isOnPath(program, env) {
  return (env['PATH'] ?? '').split(path.delimiter).some((folder) => isExecutable(path.join(folder, program)))
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
