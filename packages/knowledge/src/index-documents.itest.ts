import { until } from '@flotilla/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chunkDocument } from './chunk-document.ts'
import { createHashedEmbeddings } from './embedding/hashed.ts'
import type { EmbeddingProvider } from './embedding/provider.ts'
import { indexCollection } from './index-documents.ts'
import { openLibrary, type Library, type Named } from './testing/library.ts'

let library: Library
beforeAll(async () => {
  library = await openLibrary()
})
afterAll(() => library.close())

/** Stands for the model: counts the texts it is given; its vectors say how long each text is. */
const fakeModel = (before: (texts: readonly string[]) => Promise<unknown> = () => Promise.resolve()) => {
  const given: string[] = []
  const provider: EmbeddingProvider = {
    name: 'fake',
    dimensions: 2,
    embed: async (texts) => {
      given.push(...texts)
      await before(texts)
      return texts.map((text) => Float32Array.of(text.length, 1))
    },
    close: () => Promise.resolve(),
  }
  return { provider, given }
}
const unavailable: EmbeddingProvider = { ...fakeModel().provider, embed: () => Promise.resolve(null) }

const english = (name: string, paragraphs: number): Named => ({
  name,
  content: Array.from(
    { length: paragraphs },
    (_, n) => `## Part ${n} of ${name}\r\n\r\nThis is the text of part ${n} 😀, and it is not long.`,
  ).join('\r\n\r\n'),
})
const index = (collectionId: number, embeddings: EmbeddingProvider = createHashedEmbeddings()) =>
  indexCollection({ db: library.app, embeddings }, { collectionId, workspaceId: 1 })
const chunksOf = (collectionId: number) =>
  library.engine
    .selectFrom('chunks')
    .selectAll()
    .where('collection_id', '=', collectionId)
    .orderBy('document_n')
    .orderBy('n')
    .execute()
const indexed = async (collectionId: number) =>
  (
    await library.engine
      .selectFrom('documents')
      .select('indexed')
      .where('collection_id', '=', collectionId)
      .orderBy('n')
      .execute()
  ).map((row) => row.indexed)

describe('indexCollection', () => {
  test('writes every chunk with its place and vector, once', async () => {
    const documents = [english('a.md', 3), { name: 'empty.md', content: ' \n' }, english('b.md', 2)]
    const id = await library.add(documents)
    const { provider, given } = fakeModel()
    expect(await index(id, provider)).toEqual({ documents: 3, chunks: 5 })
    expect(await index(id, provider)).toEqual({ documents: 0, chunks: 0 })
    expect(await indexed(id)).toEqual([true, true, true])
    const rows = await chunksOf(id)
    const expected = documents.flatMap(({ content }) => chunkDocument(content))
    expect(rows.map((row) => row.body.slice(0, row.end_at - row.start_at))).toEqual(expected.map((chunk) => chunk.text))
    expect(rows.map((row) => [row.start_at, row.end_at, row.start_line, row.end_line])).toEqual(
      expected.map((chunk) => [chunk.start, chunk.end, chunk.startLine, chunk.endLine]),
    )
    expect(rows.map((row) => row.embedding?.readFloatLE(0))).toEqual(given.map((text) => text.length))
    expect(new Set(rows.map((row) => row.embedding_model))).toEqual(new Set(['fake']))
    expect(given[0]).toContain('Part 0 of a.md\n\n')
  })

  test('writes a document of many batches in full', async () => {
    const id = await library.add([english('long.md', 1_100)])
    expect(await index(id)).toEqual({ documents: 1, chunks: 1_100 })
    const rows = await chunksOf(id)
    expect(rows.map((row) => row.n)).toEqual(Array.from({ length: 1_100 }, (_, n) => n))
    const [vector] =
      (await createHashedEmbeddings().embed([
        ` Part 1 of long.md\n\n  Part 1 of long.md This is the text of part 1 😀, and it is not long.`,
      ])) ?? []
    const stored = rows[1]?.embedding
    expect(stored && new Float32Array(new Uint8Array(stored).buffer)).toEqual(vector)
  })

  test('gives its thread to others while it works', async () => {
    const id = await library.add([english('thread.md', 20_000)])
    let turns = 0
    let working = true
    const count = () => {
      turns++
      if (working) setImmediate(count)
    }
    count()
    await index(id)
    working = false
    expect(turns).toBeGreaterThan(200)
  })

  test('writes nothing twice when two work at the same time', async () => {
    const id = await library.add(Array.from({ length: 6 }, (_, n) => english(`d${n}.md`, 4)))
    const results = await Promise.all([index(id), index(id), index(id)])
    expect(results.reduce((sum, result) => sum + result.documents, 0)).toBe(6)
    expect((await chunksOf(id)).length).toBe(24)
  })

  test('leaves no part of a document behind when it fails, and goes on from there', async () => {
    const id = await library.add([english('whole.md', 3), english('broken.md', 600)])
    await sql`create function flotilla.refuse() returns trigger language plpgsql as $$
      begin if new.n = 500 then raise exception 'disk full'; end if; return new; end $$`.execute(library.owner)
    await sql`create trigger refuse before insert on flotilla.chunks for each row execute function flotilla.refuse()`.execute(
      library.owner,
    )
    await expect(index(id)).rejects.toThrow('disk full')
    expect(await indexed(id)).toEqual([true, false])
    expect((await chunksOf(id)).length).toBe(3)
    await sql`drop trigger refuse on flotilla.chunks`.execute(library.owner)
    expect(await index(id)).toEqual({ documents: 1, chunks: 600 })
  })

  test('ends quietly when the documents are deleted under it', async () => {
    const id = await library.add([english('gone.md', 3)])
    const { provider } = fakeModel(() => library.engine.deleteFrom('collections').where('id', '=', id).execute())
    expect(await index(id, provider)).toEqual({ documents: 0, chunks: 0 })
    expect(await chunksOf(id)).toEqual([])
  })

  test('does not deadlock with a deletion, which takes the collection first', async () => {
    const id = await library.add([english('racing.md', 3)])
    const indexing = await library.engine.transaction().execute(async (tx) => {
      await tx.selectFrom('collections').select('id').where('id', '=', id).forUpdate().execute()
      const call = index(id).catch((error: unknown) => error)
      await until(
        async () => {
          const waiting = sql<{
            n: number
          }>`select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
          return (await waiting.execute(library.owner)).rows[0]?.n === 1
        },
        { what: 'the index waits for the collection' },
      )
      await tx.deleteFrom('collections').where('id', '=', id).execute()
      return { call }
    })
    expect(await indexing.call).toEqual({ documents: 0, chunks: 0 })
    expect(await chunksOf(id)).toEqual([])
  })

  test.each([
    [
      'that the model does not read',
      (): EmbeddingProvider => fakeModel().provider,
      'Die Lieferung dauert in der Regel zwei Tage. Der Versand ist kostenlos.',
    ],
    [
      'while the model is unavailable',
      (): EmbeddingProvider => unavailable,
      'This is the text of a document that it has.',
    ],
  ])('gives hashed vectors to a document %s', async (_, provider, content) => {
    const id = await library.add([{ name: 'a.md', content }])
    expect(await index(id, provider())).toEqual({ documents: 1, chunks: 1 })
    expect((await chunksOf(id))[0]).toMatchObject({ embedding_model: createHashedEmbeddings().name })
  })

  test('lets the model read no more than its share, whole documents, over all calls', async () => {
    const long = english('long.md', 30)
    const id = await library.add([english('a.md', 2), long])
    const { provider } = fakeModel()
    const input = { collectionId: id, workspaceId: 1, maxEmbeddedChars: 500 }
    await indexCollection({ db: library.app, embeddings: provider }, input)
    await library.put(id, 2, english('b.md', 2))
    await library.put(id, 3, english('c.md', 2))
    await library.put(id, 4, english('d.md', 8))
    await indexCollection({ db: library.app, embeddings: provider }, input)
    const models = Map.groupBy(await chunksOf(id), (row) => row.document_n)
    expect(
      [...models].map(([n, rows]) => [
        n,
        new Set(rows.map((row) => row.embedding_model)).size,
        rows[0]?.embedding_model,
      ]),
    ).toEqual([
      [0, 1, 'fake'],
      [1, 1, 'hashed-grams-1'],
      [2, 1, 'fake'],
      [3, 1, 'fake'],
      [4, 1, 'hashed-grams-1'],
    ])
  })

  test('sees the documents of its workspace alone as the app role, all as the engine', async () => {
    const id = await library.add([english('a.md', 1)], library.otherWorkspace)
    const deps = { db: library.app, embeddings: createHashedEmbeddings() }
    expect(await indexCollection(deps, { collectionId: id, workspaceId: 1 })).toEqual({ documents: 0, chunks: 0 })
    expect(await indexCollection(deps, { collectionId: id })).toEqual({ documents: 0, chunks: 0 })
    expect(await indexCollection({ ...deps, db: library.engine }, { collectionId: id })).toEqual({
      documents: 1,
      chunks: 1,
    })
    expect((await chunksOf(id))[0]?.workspace_id).toBe(library.otherWorkspace)
  })
})
