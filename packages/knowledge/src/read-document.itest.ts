import { afterAll, beforeAll, expect, test } from 'vitest'
import { listDocuments, readDocument } from './read-document.ts'
import { openLibrary, type Library } from './testing/library.ts'

let library: Library
beforeAll(async () => {
  library = await openLibrary()
})
afterAll(() => library.close())

const documents = [
  { name: 'b.md', content: 'Intro.\n\n# Grüße 😀\n\nText.' },
  { name: 'a.txt', content: 'Plain text.\r\nNo heading.' },
  { name: 'deep.md', content: `${'A long beginning. '.repeat(300)}\n\n# Far down` },
]

test('lists documents in the order they came in', async () => {
  const collectionId = await library.add(documents)
  expect(await listDocuments({ db: library.app }, { collectionId, workspaceId: 1 })).toEqual([
    { name: 'b.md', lines: 5, sizeBytes: 29, firstHeading: 'Grüße 😀' },
    { name: 'a.txt', lines: 2, sizeBytes: 24, firstHeading: null },
    { name: 'deep.md', lines: 3, sizeBytes: 5_412, firstHeading: null },
  ])
})

test('reads a document whole by its name, of its own workspace alone', async () => {
  const collectionId = await library.add(documents)
  const read = (name: string, workspaceId: number) =>
    readDocument({ db: library.app }, { collectionId, workspaceId, name })
  expect(await read('b.md', 1)).toBe(documents[0]?.content)
  expect(await read('c.md', 1)).toBeNull()
  expect(await read('b.md', library.otherWorkspace)).toBeNull()
})
