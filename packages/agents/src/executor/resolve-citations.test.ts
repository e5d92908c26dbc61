import fc from 'fast-check'
import { expect, test } from 'vitest'
import { resolveCitations } from './resolve-citations.ts'

const OPS = `# Operations

Logs are kept for 30 days. Backups are kept
for two years in another region.

| What | Kept |
|---|---|
| Traces | 3 days |
`
const read = async (name: string): Promise<string | null> => (name === 'ops.md' ? OPS : null)

test('the quote is the sentence of the cited lines that fits the statement', async () => {
  const { citations } = await resolveCitations(
    'Backups stay two years [ops.md:3-4]. Logs stay 30 days [ops.md:3].',
    read,
  )
  expect(citations.map((citation) => citation.quote)).toEqual([
    'Backups are kept\nfor two years in another region.',
    'Logs are kept for 30 days.',
  ])
  for (const { start, end, quote } of citations) expect(OPS.slice(start, end)).toBe(quote)
})

test('a marker of an image leads nowhere, and the reason says what to do instead', async () => {
  const image = async (name: string) => (name === 'chart.png' ? { mediaType: 'image/png' } : read(name))
  const { citations, unresolved } = await resolveCitations('It rose [chart.png:1]. Logs stay [ops.md:3].', image)
  expect(citations.map(({ document }) => document)).toEqual(['ops.md'])
  expect(unresolved).toEqual([
    {
      marker: '[chart.png:1]',
      reason:
        '"chart.png" is of the type image/png: it has no lines, and what is said of it cannot be checked. Name it in words instead of citing it',
    },
  ])
})

test('a quote never reaches beyond the cited lines', async () => {
  const { citations } = await resolveCitations('Backups stay in another region [ops.md:4]', read)
  expect(citations[0]).toMatchObject({ quote: 'for two years in another region.', startLine: 4, endLine: 4 })
})

test('markers in a row stand behind the same statement, in a table the cell’s', async () => {
  const { resolved } = await resolveCitations(
    '| Logs: 30 days [ops.md:3] [ops.md:8] | Traces: 3 days [ops.md:8] |',
    read,
  )
  expect(resolved.map(({ statement }) => statement.trim())).toEqual([
    'Logs: 30 days',
    'Logs: 30 days',
    'Traces: 3 days',
  ])
  expect(resolved[2]?.citation.quote).toBe('| Traces | 3 days |')
  expect(resolved[2]?.support).toBe(1)
})

test('markers that lead nowhere are listed with the reason', async () => {
  const { citations, unresolved } = await resolveCitations(
    'a [none.md:1] b [ops.md:99] c [ops.md:2] d [ops.md:0] e [ops.md:4-3]',
    read,
  )
  expect(citations).toEqual([])
  expect(unresolved).toEqual([
    { marker: '[none.md:1]', reason: 'no document is named "none.md"' },
    { marker: '[ops.md:99]', reason: '"ops.md" has 8 lines, line 99 is cited' },
    { marker: '[ops.md:2]', reason: 'line 2 of "ops.md" is empty' },
    { marker: '[ops.md:0]', reason: 'lines 0 to 0 are no range' },
    { marker: '[ops.md:4-3]', reason: 'lines 4 to 3 are no range' },
  ])
})

test('the same place is listed once', async () => {
  const { citations, resolved } = await resolveCitations(
    'Logs: 30 days [ops.md:3]. Logs stay 30 days [ops.md:3].',
    read,
  )
  expect(citations).toHaveLength(1)
  expect(resolved).toHaveLength(2)
})

test('whatever is cited, the quote stands at its place within its lines', async () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom('One. Two! Three?', '- item', '| a | b |', '|---|---|', '```', '# Title', '', '\r', '😀 end.'),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 12 }),
      fc.nat(12),
      fc.nat(4),
      fc.string(),
      async (lines, first, span, claim) => {
        const content = lines.join('\n')
        const marker = `[d.md:${first}-${first + span}]`
        const { citations } = await resolveCitations(`${claim} ${marker}`, async () => content)
        for (const { start, end, quote, startLine, endLine } of citations.filter(
          (citation) => citation.marker === marker,
        )) {
          expect(content.slice(start, end)).toBe(quote)
          expect(quote).not.toBe('')
          expect(
            content
              .split('\n')
              .slice(startLine - 1, endLine)
              .join('\n'),
          ).toContain(quote)
        }
      },
    ),
    { numRuns: 300 },
  )
})
