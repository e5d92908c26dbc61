import { expect, test } from 'vitest'
import { chunkDocument } from '../chunk-document.ts'
import { joinNeighbours, type ScoredChunk } from './join-neighbours.ts'

const content = Array.from({ length: 12 }, (_, n) => `## Part ${n}\r\n\r\nText ${n} 😀 ${'word '.repeat(100)}`).join(
  '\r\n \r\n',
)
const chunks = chunkDocument(content)
const scored = (documentN: number, n: number, score: number): ScoredChunk => {
  const chunk = chunks[n]
  if (!chunk) throw new Error(`no chunk ${n}`)
  const { startLine, endLine, start, end } = chunk
  const body = content.slice(start, chunks[n + 1]?.start ?? end)
  return { documentN, n, document: `d${documentN}.md`, startLine, endLine, start, end, body, score }
}

test('joins what stands side by side to the exact text, with the best score', () => {
  const passages = joinNeighbours([scored(0, 4, 0.1), scored(0, 1, 0.2), scored(0, 3, 0.3), scored(1, 2, 0.25)])
  expect(passages.map((passage) => [passage.document, passage.score])).toEqual([
    ['d0.md', 0.3],
    ['d1.md', 0.25],
    ['d0.md', 0.2],
  ])
  for (const { start, end, text } of passages) expect(text).toBe(content.slice(start, end))
  expect(passages[0]).toMatchObject({ startLine: chunks[3]?.startLine, endLine: chunks[4]?.endLine })
})

test('bounds a joined passage', () => {
  const passages = joinNeighbours(chunks.map((_, n) => scored(0, n, 1)))
  expect(passages.length).toBeGreaterThan(1)
  expect(Math.max(...passages.map((passage) => passage.text.length))).toBeLessThanOrEqual(4_800)
  expect(passages.every(({ start, end, text }) => text === content.slice(start, end))).toBe(true)
})

test('does not join over white space that was not kept', () => {
  const [first, second] = [scored(0, 0, 1), scored(0, 1, 1)]
  expect(joinNeighbours([{ ...first, body: first.body.trimEnd() }, second]).length).toBe(2)
})
