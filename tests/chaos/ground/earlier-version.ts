import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, readFile, readdir, rm, symlink } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { createDb, createPool, migrate } from '@flotilla/db'
import type { submitRun } from '@flotilla/engine'

/** A version of the product that was released before the sources here. */
export interface EarlierVersion {
  readonly worker: string
  /** What the campaign itself does as that version did it. */
  readonly code: EarlierCode
}
export type EarlierCode = Readonly<{
  migrate: typeof migrate
  createPool: typeof createPool
  createDb: typeof createDb
  submitRun: typeof submitRun
}>

/** It cannot be had here, as in a clone without history; the message says why. */
export class NoEarlierVersion extends Error {}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)

/** Puts the sources of a commit into `folder`, on the dependencies that are installed here. */
export async function checkOut(commit: string, folder: string): Promise<EarlierVersion> {
  await mkdir(folder)
  const archive = path.join(folder, 'sources.tar')
  await run('git', ['archive', '--output', archive, commit], { cwd: ROOT }).catch((cause: unknown) => {
    throw new NoEarlierVersion(`commit ${commit} is not in this clone; fetch its history (git fetch --unshallow)`, {
      cause,
    })
  })
  await run('tar', ['-x', '-f', archive, '-C', folder])
  await rm(archive)
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
  for (const group of ['packages', 'apps'])
    for (const name of await readdir(path.join(folder, group))) await linkDependencies(folder, path.join(group, name))
  return { worker: path.join(folder, 'apps/worker/src/main.ts'), code: await load(folder) }
}

/** The links are relative: those between packages lead to its own, the others to what is installed. */
async function linkDependencies(folder: string, name: string): Promise<void> {
  const links = path.join(ROOT, name, 'node_modules')
  const own = path.join(folder, name)
  if (existsSync(links)) await cp(links, path.join(own, 'node_modules'), { recursive: true, verbatimSymlinks: true })
  const { dependencies = {} } = JSON.parse(await readFile(path.join(own, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  const lacks = Object.keys(dependencies).filter((one) => !existsSync(path.join(own, 'node_modules', one)))
  if (lacks.length > 0) throw new NoEarlierVersion(`its ${name} needs ${lacks.join(', ')}, which is not installed here`)
}

async function load(folder: string): Promise<EarlierCode> {
  const from = async (file: string): Promise<unknown> => import(pathToFileURL(path.join(folder, file)).href)
  const db = (await from('packages/db/src/index.ts')) as Omit<EarlierCode, 'submitRun'>
  const engine = (await from('packages/engine/src/index.ts')) as Pick<EarlierCode, 'submitRun'>
  const { migrate, createPool, createDb } = db
  return { migrate, createPool, createDb, submitRun: engine.submitRun }
}
