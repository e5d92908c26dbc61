import { readdirSync, readFileSync } from 'node:fs'
import { inWorkspace } from '@flotilla/db'
import type { Passage } from '@flotilla/domain'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHashedEmbeddings } from './embedding/hashed.ts'
import { createLocalEmbeddings } from './embedding/local.ts'
import type { EmbeddingProvider } from './embedding/provider.ts'
import { indexCollection } from './index-documents.ts'
import { createVectorCache } from './search/vector-cache.ts'
import { searchKnowledge, type SearchDeps } from './search.ts'
import { openLibrary, type Library, type Named } from './testing/library.ts'

const fixtures = new URL('./fixtures/', import.meta.url)
const handbook: readonly Named[] = readdirSync(new URL('handbook/', fixtures)).map((name) => ({
  name,
  content: readFileSync(new URL(`handbook/${name}`, fixtures), 'utf8'),
}))
type Questions = { answered: { query: string; document: string; quote: string }[]; unanswered: string[] }
const questions = JSON.parse(readFileSync(new URL('questions.json', fixtures), 'utf8')) as Questions

const hashed = createHashedEmbeddings()
const unavailable: EmbeddingProvider = { ...hashed, name: 'unavailable', embed: () => Promise.resolve(null) }

let library: Library
let local: EmbeddingProvider
/** The handbook, read by the model. */
let modelled: number
/** The handbook with hashed vectors. */
let plain: number
beforeAll(async () => {
  library = await openLibrary()
  local = createLocalEmbeddings()
  modelled = await indexed(handbook, local)
  plain = await indexed(handbook, hashed)
}, 120_000)
afterAll(async () => {
  await local.close()
  await library.close()
})

async function indexed(documents: readonly Named[], embeddings: EmbeddingProvider): Promise<number> {
  const collectionId = await library.add(documents)
  await indexCollection({ db: library.app, embeddings }, { collectionId, workspaceId: 1 })
  return collectionId
}
const depsWith = (embeddings: EmbeddingProvider): SearchDeps => ({
  db: library.app,
  embeddings,
  vectors: createVectorCache(),
})
const search = (deps: SearchDeps, collectionId: number, query: string, limit = 5) =>
  searchKnowledge(deps, { collectionId, workspaceId: 1, query, limit })

function expectExact(passages: readonly Passage[], documents: readonly Named[]): void {
  for (const { document, start, end, text, startLine, endLine } of passages) {
    const content = documents.find(({ name }) => name === document)?.content ?? ''
    expect(content.slice(start, end)).toBe(text)
    expect(content.slice(0, start).split('\n').length).toBe(startLine)
    expect(content.slice(0, end).split('\n').length).toBe(endLine)
  }
}

describe('over a handbook with labelled questions', () => {
  // Measured: 0.87 with the model, 0.60 without; the questions are worded unlike their answers on purpose.
  test.each([
    ['the model', () => modelled, () => local, 0.8],
    ['hashed vectors', () => plain, () => hashed, 0.55],
    ['full text alone', () => modelled, () => unavailable, 0.55],
  ])('finds the answers with %s', { timeout: 60_000 }, async (_, collection, embeddings, recall) => {
    const deps = depsWith(embeddings())
    let found = 0
    for (const { query, document, quote } of questions.answered) {
      const passages = await search(deps, collection(), query)
      expectExact(passages, handbook)
      if (passages.some((passage) => passage.document === document && passage.text.includes(quote))) found++
    }
    expect(found / questions.answered.length).toBeGreaterThanOrEqual(recall)
  })

  test('answers little or nothing to what the documents are not about', { timeout: 60_000 }, async () => {
    const deps = depsWith(local)
    const counts: number[] = []
    for (const query of questions.unanswered) counts.push((await search(deps, modelled, query)).length)
    // Measured: 10 of 50, and nothing at all to half of the questions.
    expect(counts.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(15)
    expect(counts.filter((count) => count === 0).length).toBeGreaterThanOrEqual(4)
  })

  test('answers the same again, from the cache or not', async () => {
    const deps = depsWith(local)
    const first = await search(deps, modelled, 'How do I retry without ordering twice?')
    expect(first.length).toBeGreaterThan(0)
    expect(await search(deps, modelled, 'How do I retry without ordering twice?')).toEqual(first)
    expect(await search(depsWith(local), modelled, 'How do I retry without ordering twice?')).toEqual(first)
    expect(first.map((passage) => passage.score)).toEqual(
      first.map((passage) => passage.score).toSorted((a, b) => b - a),
    )
  })
})

describe('whatever the query is', () => {
  test.each([
    '',
    '   ',
    'the of and',
    '!!! ??? ---',
    '\0',
    "'",
    '\\',
    "it's \\ 'quoted",
    'a & b | !c <-> d:*',
    '😀',
    '%_',
    'x'.repeat(40_000),
    'order '.repeat(8_000),
  ])('answers without an error: %j', async (query) => {
    expectExact(await search(depsWith(hashed), plain, query), handbook)
  })

  test('answers exact passages to any text', { timeout: 60_000 }, async () => {
    const deps = depsWith(hashed)
    const words = handbook.flatMap(({ content }) => content.match(/\S+/g) ?? [])
    const queries = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 8 })), {
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(queries, fc.integer({ min: 1, max: 20 }), async (parts, limit) => {
        const passages = await search(deps, plain, parts.join(' '), limit)
        expect(passages.length).toBeLessThanOrEqual(limit)
        expectExact(passages, handbook)
      }),
      { numRuns: 60 },
    )
  })

  test.each([0, -3, 0.5])('answers nothing for a limit of %d', async (limit) => {
    expect(await search(depsWith(hashed), plain, 'forklift', limit)).toEqual([])
  })
})

describe('a collection', () => {
  test('joins chunks that stand side by side', async () => {
    const content = [
      '# Storage',
      ...Array.from(
        { length: 8 },
        (_, n) => `Paragraph ${n} is about the zeppelin hangar. ${'It goes on and on. '.repeat(22)}`,
      ),
    ].join('\r\n\r\n')
    const documents = [{ name: 'long.md', content }]
    const passages = await search(depsWith(hashed), await indexed(documents, hashed), 'zeppelin hangar', 4)
    expectExact(passages, documents)
    expect(passages.length).toBe(1)
    expect(passages[0]?.text.match(/Paragraph/g)?.length).toBe(4)
  })

  test('is found in as soon as more of it is indexed', async () => {
    const id = await indexed([{ name: 'a.md', content: 'Notes about the harbour.' }], hashed)
    const deps = depsWith(hashed)
    expect(await search(deps, id, 'quokka')).toEqual([])
    await library.put(id, 1, { name: 'b.md', content: 'The quokka is a marsupial.' })
    expect(await search(deps, id, 'quokka')).toEqual([])
    await indexCollection({ db: library.app, embeddings: hashed }, { collectionId: id, workspaceId: 1 })
    expect(await search(deps, id, 'quokka')).toMatchObject([{ document: 'b.md', startLine: 1, start: 0, end: 26 }])
  })

  test('of another workspace answers nothing, not even out of the cache', async () => {
    const deps = depsWith(local)
    expect((await search(deps, modelled, 'forklift')).length).toBeGreaterThan(0)
    const input = { collectionId: modelled, query: 'forklift', limit: 5 }
    expect(await searchKnowledge(deps, { ...input, workspaceId: library.otherWorkspace })).toEqual([])
    expect(await searchKnowledge(deps, input)).toEqual([])
  })

  test('is searched within a transaction of its workspace, and by the engine', async () => {
    const input = { collectionId: plain, query: 'forklift speed limit', limit: 3 }
    const expected = await searchKnowledge(depsWith(hashed), { ...input, workspaceId: 1 })
    expect(expected.length).toBeGreaterThan(0)
    expect(await inWorkspace(library.app, 1, (tx) => searchKnowledge({ ...depsWith(hashed), db: tx }, input))).toEqual(
      expected,
    )
    expect(await searchKnowledge({ ...depsWith(hashed), db: library.engine }, input)).toEqual(expected)
  })

  test('without documents answers nothing', async () => {
    expect(await search(depsWith(hashed), await library.add([]), 'forklift')).toEqual([])
    expect(await search(depsWith(hashed), 999_999, 'forklift')).toEqual([])
  })

  test('in a script without spaces is found in by a part of a sentence', async () => {
    const documents = [
      { name: 'a.md', content: '# 保存\n\n監査記録の保存期間は七年です。例外は部門長が承認します。' },
      { name: 'b.md', content: '# 天気\n\n明日の天気は晴れです。' },
    ]
    const passages = await search(depsWith(local), await indexed(documents, local), '保存期間は何年ですか')
    expectExact(passages, documents)
    expect(passages[0]?.document).toBe('a.md')
  })

  test('changes its answer with a changed sentence', async () => {
    const policy = (days: number) => [
      { name: 'policy.md', content: `# Leave\n\nEmployees receive ${days} days of paid holiday per year.` },
    ]
    for (const days of [28, 31]) {
      const passages = await search(depsWith(local), await indexed(policy(days), local), 'How many holidays do I get?')
      expect(passages[0]?.text).toContain(`${days} days`)
    }
  })
})
