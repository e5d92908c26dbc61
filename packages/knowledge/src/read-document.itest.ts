import { inWorkspace } from '@flotilla/db'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMediaCache } from './media-cache.ts'
import { listDocuments, loadMedia, readDocument } from './read-document.ts'
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

test('an image has a type to read and bytes to load, of its own workspace alone', async () => {
  const collectionId = await library.add(documents)
  const media = Buffer.from('\u0089PNG\r\n\u001A\n', 'latin1')
  await inWorkspace(library.app, 1, (tx) =>
    tx
      .insertInto('documents')
      .values({
        collection_id: collectionId,
        n: 9,
        workspace_id: 1,
        name: 'chart.png',
        content: '',
        lines: 0,
        sha256: '',
        size_bytes: media.length,
        indexed: true,
        media_type: 'image/png',
        media,
      })
      .execute(),
  )
  const scope = { collectionId, name: 'chart.png' }
  expect(await readDocument({ db: library.app }, { ...scope, workspaceId: 1 })).toEqual({ mediaType: 'image/png' })
  const cache = createMediaCache()
  const load = (workspaceId: number, name = 'chart.png') =>
    loadMedia({ db: library.app, cache }, { collectionId, name, workspaceId })
  expect(await load(1)).toBe(media.toString('base64'))
  expect(await load(library.otherWorkspace)).toBeNull()
  expect(await load(1, 'b.md')).toBeNull()
  expect(await load(1)).toBe(media.toString('base64'))
})
