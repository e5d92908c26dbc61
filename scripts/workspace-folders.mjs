import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'

/**
 * The folders of the workspace's packages, by the patterns of pnpm-workspace.yaml: `name` or `name/*`.
 * @param {string} root
 */
export function workspaceFolders(root) {
  const yaml = readFileSync(path.join(root, 'pnpm-workspace.yaml'), 'utf8')
  const listed = /^packages:\n((?: +- .*\n)+)/m.exec(yaml)?.[1] ?? ''
  const patterns = [...listed.matchAll(/^ +- ['"]?([^'"\n]+)/gm)].map(([, pattern = '']) => pattern.trim())
  return patterns.flatMap((pattern) => matches(root, pattern)).filter((folder) => isPackage(root, folder))
}

/** @param {string} root @param {string} pattern @returns {string[]} */
function matches(root, pattern) {
  if (!pattern.endsWith('/*')) return [pattern]
  const parent = pattern.slice(0, -'/*'.length)
  return readdirSync(path.join(root, parent))
    .toSorted()
    .map((name) => path.join(parent, name))
}

/** @param {string} root @param {string} folder */
function isPackage(root, folder) {
  return existsSync(path.join(root, folder, 'package.json'))
}
