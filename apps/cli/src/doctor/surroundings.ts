import { constants } from 'node:fs'
import { access, readFile, statfs } from 'node:fs/promises'
import path from 'node:path'
import { parseEnv } from 'node:util'
import { closestName } from '@flotilla/domain'
import { ENV_KEYS, ROOT, type Config } from '../config.ts'
import { fail, ok, warn, type Check } from './check.ts'

const OLDEST_NODE = [24, 12] as const

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const enough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
  if (enough) return ok('Node', version)
  return fail(
    'Node',
    `${version}; ${OLDEST_NODE.join('.')} or newer is needed`,
    'run it with `npm run flotilla`, which brings its own Node',
  )
}

/** Variables that are wrong, and ones that nobody reads, which are mostly misspelt. */
export async function checkEnvironment(config: Config, problems: readonly string[]): Promise<Check[]> {
  const known = new Set([...ENV_KEYS, ...(await exampleKeys())])
  const unknown = Object.keys(config.environment).filter((key) => key.startsWith('FLOTILLA_') && !known.has(key))
  const checks = [
    ...problems.map((problem) => fail('Environment', problem, 'correct it in the environment or in .env')),
    ...unknown.map((key) =>
      warn(
        'Environment',
        `${key} is set, and nothing reads it`,
        `see .env.example for the names; ${likeliest(key, known)}`,
      ),
    ),
  ]
  return checks.length > 0 ? checks : [ok('Environment', 'every variable that is set can be used')]
}

async function exampleKeys(): Promise<string[]> {
  const text = await readFile(path.join(ROOT, '.env.example'), 'utf8').catch(() => '')
  return Object.keys(parseEnv(text.replaceAll(/^# ?([A-Z_]+=)/gm, '$1')))
}

function likeliest(key: string, known: ReadonlySet<string>): string {
  const meant = closestName(key, known)
  return meant === null ? 'or unset it' : `perhaps ${meant} is meant`
}

const LOW_DISK_BYTES = 1024 ** 3
const FULL_DISK_BYTES = 100 * 1024 ** 2

export async function checkDataDir(dataDir: string): Promise<Check[]> {
  const there = await nearestFolder(dataDir)
  try {
    await access(there, constants.W_OK)
  } catch {
    return [
      fail(
        'Data',
        `${there} may not be written by this user`,
        'give the rights, or choose another folder with FLOTILLA_DATA_DIR',
      ),
    ]
  }
  const { bavail, bsize } = await statfs(there)
  const free = bavail * bsize
  const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free for ${dataDir}`
  const mend = 'make room, or choose another disk with FLOTILLA_DATA_DIR'
  if (free < FULL_DISK_BYTES) return [fail('Disk', detail, mend)]
  return [
    ok('Data', `${dataDir} can be written`),
    free < LOW_DISK_BYTES ? warn('Disk', detail, mend) : ok('Disk', detail),
  ]
}

/** The folder itself, or the one that it would be made in. */
async function nearestFolder(folder: string): Promise<string> {
  try {
    await access(folder)
    return folder
  } catch {
    const above = path.dirname(folder)
    return above === folder ? folder : nearestFolder(above)
  }
}
