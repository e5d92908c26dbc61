import { chmod, mkdir, readFile, rm, symlink } from 'node:fs/promises'
import path from 'node:path'

/**
 * Makes the version links (`libicuuc.so.60` → `libicuuc.so.60.2`) that the package leaves to an install script, in a
 * folder of our own: install scripts are denied, and the package's folder may be read-only.
 */
export async function linkSharedLibraries(nativeDir: string, linksDir: string): Promise<void> {
  const listed = await readFile(path.join(nativeDir, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(listed) as { source: string; target: string }[]
  await rm(linksDir, { recursive: true, force: true })
  await mkdir(linksDir)
  await chmod(linksDir, 0o755)
  for (const { source, target } of links) {
    if (path.dirname(target) !== 'native/lib') continue
    await symlink(path.join(nativeDir, 'lib', path.basename(source)), path.join(linksDir, path.basename(target)))
  }
}

/** The whole environment of the server's programs: no PG… variable of the user's reaches them. */
export function serverEnv(nativeDir: string, linksDir: string, platform: string): Record<string, string> {
  const searched = platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH'
  return {
    PATH: '/usr/bin:/bin',
    LC_ALL: 'C',
    [searched]: `${linksDir}${path.delimiter}${path.join(nativeDir, 'lib')}`,
  }
}
