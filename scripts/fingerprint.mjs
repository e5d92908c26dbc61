import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

/**
 * Of all that decides what an installation puts on disk: the lockfile, the workspace and every package's manifest.
 * @param {string} root
 * @param {string} salt Anything else that it depends on, such as the version of Node.
 */
export function installFingerprint(root, salt) {
  const hash = createHash('sha256').update(salt)
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...manifests(root)]) {
    hash.update(`\0${file}\0`).update(readFileSync(path.join(root, file)))
  }
  return hash.digest('hex')
}

/** @param {string} root */
function manifests(root) {
  /** @type {string[]} */
  const found = []
  for (const parent of ['apps', 'packages']) {
    for (const name of readdirSync(path.join(root, parent)).toSorted()) {
      const file = path.join(parent, name, 'package.json')
      if (existsSync(path.join(root, file))) found.push(file)
    }
  }
  return found
}
