import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { workspaceFolders } from './workspace-folders.mjs'

/**
 * Of all that decides what an installation puts on disk: the lockfile, the workspace and every package's manifest.
 * @param {string} root
 * @param {string} salt Anything else that it depends on, such as the version of Node.
 */
export function installFingerprint(root, salt) {
  const hash = createHash('sha256').update(salt)
  const manifests = workspaceFolders(root).map((folder) => path.join(folder, 'package.json'))
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...manifests]) {
    hash.update(`\0${file}\0`).update(readFileSync(path.join(root, file)))
  }
  return hash.digest('hex')
}
