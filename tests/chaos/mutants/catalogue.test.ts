import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { CATALOGUE } from './catalogue.ts'

const ROOT = path.join(import.meta.dirname, '../../..')

test.each(CATALOGUE)('$name breaks lines that are there, and its killer is there', ({ edits, killer }) => {
  for (const { file, find } of edits)
    expect({ file, find, times: readFileSync(path.join(ROOT, file), 'utf8').split(find).length - 1 }).toEqual({
      file,
      find,
      times: 1,
    })
  const files = killer.by === 'tests' ? killer.files : []
  expect(files.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([])
})

test('no two mutants have one name', () => {
  expect(new Set(CATALOGUE.map(({ name }) => name)).size).toBe(CATALOGUE.length)
})
