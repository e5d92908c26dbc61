import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'

const FOLDER = import.meta.dirname
export const INSTALL = 'peers-install'
/** What installs the peers, for whoever misses one. */
export const INSTALL_COMMAND = `npm run --silent bench -- ${INSTALL}`

/** The packages with their versions, or null where one is missing or of another version than this folder's manifest wants. */
export function installedVersions(packages: readonly string[]): Readonly<Record<string, string>> | null {
  const wanted = readManifest(FOLDER)?.dependencies ?? {}
  const found = packages.map((name) => [name, readManifest(packageFolder(name))?.version] as const)
  if (found.some(([name, version]) => version === undefined || version !== wanted[name])) return null
  return Object.fromEntries(found.map(([name, version = '']) => [name, version]))
}

export const packageFolder = (name: string): string => path.join(FOLDER, 'node_modules', ...name.split('/'))

/** Puts what the lock file names into this folder's `node_modules`; answers npm's exit code. */
export async function installPeers(): Promise<number> {
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=notice']
  const npm = spawn('npm', args, { cwd: FOLDER, stdio: ['ignore', 2, 2] })
  const [code] = (await once(npm, 'close')) as [number | null]
  return code ?? 1
}

type Manifest = Readonly<{ version?: string; dependencies?: Readonly<Record<string, string>> }>

function readManifest(folder: string): Manifest | null {
  try {
    return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest
  } catch {
    return null
  }
}
