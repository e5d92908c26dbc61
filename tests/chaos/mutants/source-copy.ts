import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Edit } from './mutant.ts'

/** The sources in a folder of their own, to be broken one line at a time. */
export interface SourceCopy {
  readonly root: string
  /** Makes the edits; answers what takes them back. Throws when a text does not stand in its file exactly once. */
  edit(edits: readonly Edit[]): Promise<() => Promise<void>>
  remove(): Promise<void>
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const COPIED = ['packages', 'apps', 'tests', 'package.json', 'vitest.config.ts', 'tsconfig.json', 'tsconfig.base.json']
const LEFT_OUT: ReadonlySet<string> = new Set(['.turbo', 'coverage', 'test-artifacts'])

export async function copySources(): Promise<SourceCopy> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'flotilla-mutants-'))
  for (const name of COPIED)
    await cp(path.join(ROOT, name), path.join(root, name), {
      recursive: true,
      // The links of one package to another then lead to the copies, those to what is installed through the link below.
      verbatimSymlinks: true,
      filter: (source) => !LEFT_OUT.has(path.basename(source)),
    })
  await symlink(path.join(ROOT, 'node_modules'), path.join(root, 'node_modules'))
  return {
    root,
    edit: (edits) => makeEdits(root, edits),
    remove: () => rm(root, { recursive: true, force: true }),
  }
}

async function makeEdits(root: string, edits: readonly Edit[]): Promise<() => Promise<void>> {
  const before = new Map<string, string>()
  for (const { file, find, replace } of edits) {
    const full = path.join(root, file)
    const text = await readFile(full, 'utf8')
    const times = text.split(find).length - 1
    if (times !== 1)
      throw new Error(`${file} is to hold "${find}" once, and holds it ${times} times: bring the mutant up to date`)
    if (!before.has(full)) before.set(full, text)
    await writeFile(
      full,
      text.replace(find, () => replace),
    )
  }
  return async () => {
    for (const [full, text] of before) await writeFile(full, text)
  }
}
