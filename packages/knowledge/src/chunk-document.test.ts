import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chunkDocument, chunksOf, MAX_CHUNK_CHARS, type Chunk } from './chunk-document.ts'

const fragment = fc.oneof(
  fc.constantFrom(
    '\n',
    '\r\n',
    '\n\n',
    ' ',
    '\t',
    '\u00a0',
    '.',
    '! ',
    '。',
    '# ',
    '## Title\n',
    '- ',
    '1. ',
    '| a | b |\n',
    '|---|---|\n',
  ),
  fc.constantFrom(
    '```\n',
    '~~~',
    '---\n',
    '===\n',
    '> ',
    '😀',
    '👩‍👩‍👧',
    'e\u0301',
    '日本語',
    'word ',
    'A sentence ends here. ',
    'x'.repeat(700),
  ),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
)
const documents = fc.array(fragment, { maxLength: 120, size: 'max' }).map((parts) => parts.join(''))

const lineOf = (content: string, offset: number) => content.slice(0, offset).split('\n').length

function expectExact(content: string, chunks: readonly Chunk[]): void {
  let at = 0
  for (const { start, end, startLine, endLine, text } of chunks) {
    expect(content.slice(at, start).trim()).toBe('')
    expect(content.slice(start, end)).toBe(text)
    expect(text.trim()).not.toBe('')
    expect(text.isWellFormed()).toBe(true)
    expect(text.length).toBeLessThanOrEqual(MAX_CHUNK_CHARS)
    expect([startLine, endLine]).toEqual([lineOf(content, start), lineOf(content, end)])
    at = end
  }
  expect(content.slice(at).trim()).toBe('')
}

const texts = (content: string) => chunkDocument(content).map((chunk) => chunk.text)

describe('chunkDocument', () => {
  test('cuts any text into exact, bounded pieces with nothing but white space between them', () => {
    fc.assert(fc.property(documents, (content) => expectExact(content, chunkDocument(content))))
  })

  test('never cuts a sentence or a table row', () => {
    const sentence = fc
      .array(fc.stringMatching(/^[a-z]{2,9}$/), { minLength: 3, maxLength: 25 })
      .map((words) => `Then ${words.join(' ')}.`)
    const row = fc
      .array(fc.stringMatching(/^[a-z ]{2,20}$/), { minLength: 2, maxLength: 4 })
      .map((cells) => `| ${cells.join(' | ')} |`)
    const paragraph = fc.array(sentence, { minLength: 1, maxLength: 30 })
    const table = fc.array(row, { minLength: 2, maxLength: 60 })
    fc.assert(
      fc.property(
        fc.array(fc.oneof(paragraph, table), { maxLength: 6 }),
        fc.constantFrom(' ', '\n', '\r\n'),
        (blocks, gap) => {
          const whole = blocks.flat()
          const content = blocks.map((units) => units.join(units[0]?.startsWith('|') ? '\n' : gap)).join('\n\n')
          const found = chunkDocument(content).map((chunk) => chunk.text)
          for (const unit of whole) expect(found.some((text) => text.includes(unit))).toBe(true)
        },
      ),
    )
  })

  test.each([
    ['one line of words', 'word '.repeat(200_000)],
    ['one line without white space', 'x'.repeat(1_000_000)],
    ['one line of emoji', '😀'.repeat(500_000)],
    ['one line of full stops', '.'.repeat(1_000_000)],
    ['one row', `| ${'cell | '.repeat(150_000)}`],
    ['a fence that never closes', `\`\`\`\n${'y'.repeat(1_000_000)}`],
  ])('bounds the chunks of a megabyte: %s', (_, content) => {
    const chunks = chunkDocument(content)
    expect(Math.max(...chunks.map((chunk) => chunk.text.length))).toBeLessThanOrEqual(MAX_CHUNK_CHARS)
    expect(chunks.every((chunk) => chunk.text.isWellFormed() && chunk.endLine <= 2)).toBe(true)
    const kept = chunks.map((chunk) => chunk.text.replaceAll(/\s/g, '')).join('')
    expect(kept === content.replaceAll(/\s/g, '')).toBe(true)
  })

  test.each([
    ['blank lines', '\n'.repeat(300_000)],
    ['lines of one paragraph', 'a,b,c\n'.repeat(100_000)],
    ['headings', '# a\n'.repeat(100_000)],
    ['rows', '| a |\n'.repeat(100_000)],
  ])('gives its thread back often, whatever the document: %s', (_, content) => {
    expect([...chunksOf(content)].length).toBeGreaterThan(90)
  })

  test('keeps a section together and begins a new chunk at a heading', () => {
    expect(texts('# Guide\n\nIntro.\n\n## One\nFirst.\n\n- a\n- b\n\n## Two\n\nSecond.')).toEqual([
      '# Guide\n\nIntro.',
      '## One\nFirst.\n\n- a\n- b',
      '## Two\n\nSecond.',
    ])
  })

  test('puts a heading without text of its own before the text that follows', () => {
    expect(texts('# Guide\n\n## One\n\nFirst.\n\n# End')).toEqual(['# Guide\n\n## One\n\nFirst.', '# End'])
  })

  test('knows the headings over a chunk, marked or underlined', () => {
    const content = 'Before.\n\nGuide\n=====\n\nIntro.\n\nSetup\n-----\nHow.\n\n### Deep ###\nWhy.\n\n## Other\nEnd.'
    expect(chunkDocument(content).map((chunk) => chunk.headings.join(' > '))).toEqual([
      '',
      'Guide',
      'Guide > Setup',
      'Guide > Setup > Deep',
      'Guide > Other',
    ])
  })

  test('reads no headings, lists or tables in fenced code', () => {
    const [chunk, ...others] = chunkDocument('# Guide\n\n```sh\n# not a heading\n- x\n\n| y |\n```\n')
    expect(others).toEqual([])
    expect(chunk).toMatchObject({ headings: ['Guide'], startLine: 1, endLine: 8 })
  })

  test('reads a metadata block at the top as text', () => {
    expect(chunkDocument('---\ntitle: Limits\n---\n\n# Guide\n\nText.').map((chunk) => chunk.headings)).toEqual([
      [],
      ['Guide'],
    ])
  })

  test('cuts a long table between rows and a long list between items', () => {
    const rows = Array.from({ length: 60 }, (_, n) => `| row ${n} | some words in a cell |`)
    const items = Array.from({ length: 60 }, (_, n) => `- item ${n}: some words\n  that go on in a second line`)
    for (const units of [rows, items]) {
      const found = texts(units.join('\n'))
      expect(found.length).toBeGreaterThan(2)
      expect(found.flatMap((text) => text.split(/\n(?=[-|])/))).toEqual(units)
    }
  })

  test('answers about 120 words a chunk for long prose', () => {
    const sizes = texts('Twelve short words stand here and then the sentence comes to rest. '.repeat(200)).map(
      (text) => text.split(/\s+/).length,
    )
    expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThan(100)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(120)
  })

  test('has nothing for a document without text', () => {
    expect(['', '  \r\n\n\t'].flatMap(chunkDocument)).toEqual([])
  })
})
