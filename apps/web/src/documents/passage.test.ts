import { describe, expect, test } from 'vitest'
import { lineParts, linesOf, passageOf, readDocumentSearch } from './passage.ts'

describe('an address', () => {
  test.each([
    [{}, {}],
    [
      { name: 'a.md', lines: '12-14', quote: '3-9' },
      { name: 'a.md', lines: '12-14', quote: '3-9' },
    ],
    [
      { name: 7, lines: 12 },
      { name: '7', lines: 12 },
    ],
    [
      { name: 'a.md', lines: '12' },
      { name: 'a.md', lines: 12 },
    ],
    [{ name: ['a'], lines: 'x', quote: '9', more: 1 }, {}],
  ])('%j is read as %j', (search, expected) => {
    expect(readDocumentSearch(search)).toEqual(expected)
  })

  test.each([
    [{}, null],
    [{ lines: '0' }, null],
    [{ lines: '4-2' }, null],
    [{ lines: 4 }, { startLine: 4, endLine: 4, quote: null }],
    [{ lines: '4' }, { startLine: 4, endLine: 4, quote: null }],
    [
      { lines: '4-5', quote: '9-9' },
      { startLine: 4, endLine: 5, quote: null },
    ],
    [
      { lines: '4-5', quote: '7-9' },
      { startLine: 4, endLine: 5, quote: { start: 7, end: 9 } },
    ],
  ])('%j leads to %j', (search, expected) => {
    expect(passageOf(search)).toEqual(expected)
  })
})

test('lines end with line feeds alone, and know where they begin', () => {
  const content = 'one\r\n\ntwo\u2028still two\n'
  const lines = linesOf(content)
  expect(lines.map(({ number, text }) => [number, text])).toEqual([
    [1, 'one\r'],
    [2, ''],
    [3, 'two\u2028still two'],
  ])
  for (const { at, text } of lines) expect(content.slice(at, at + text.length)).toBe(text)
})

describe('of a line', () => {
  const parts = (text: string, quote: { start: number; end: number } | null, at = 10) =>
    lineParts({ number: 1, at, text }, quote)

  test.each([
    [null, ['', '', 'abcdef']],
    [{ start: 12, end: 14 }, ['ab', 'cd', 'ef']],
    [{ start: 3, end: 12 }, ['', 'ab', 'cdef']],
    [{ start: 14, end: 99 }, ['abcd', 'ef', '']],
    [{ start: 1, end: 5 }, ['', '', 'abcdef']],
  ])('%j is quoted as %j', (quote, expected) => {
    const { left, right, before, quoted, after } = parts('abcdef', quote)
    expect([left, right, before, quoted, after]).toEqual([0, 0, ...expected])
  })

  test('that is long the part around the quote is shown', () => {
    const text = `${'a'.repeat(8_000)}QUOTE${'b'.repeat(8_000)}`
    const { left, right, before, quoted, after } = parts(text, { start: 8_010, end: 8_015 })
    expect([left, quoted, before.length + quoted.length + after.length + left + right]).toEqual([
      7_000,
      'QUOTE',
      text.length,
    ])
    const plain = parts(text, null)
    expect([plain.left, plain.before + plain.quoted + plain.after]).toEqual([0, text.slice(0, 5_000)])
  })

  test('that is long a longer quote ends where the line does', () => {
    const { before, quoted, after, right } = parts('c'.repeat(9_000), { start: 10, end: 9_010 })
    expect([before, quoted.length, after, right]).toEqual(['', 5_000, '', 4_000])
  })
})
