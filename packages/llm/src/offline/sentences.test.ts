import { describe, expect, test } from 'vitest'
import { splitUnits } from './sentences.ts'

const NOTES = `# Harrow

Harrow keeps jobs in a log. It flushes the log
before it answers, e.g. after 4.5 ms. "Really?" Yes.

## Limits

- At most 30 days of history
- One region, see Dr. Hale's note.
  It is being changed.

| System | Retention |
|---|---:|
| Harrow | 30 days |
| Pallet | \`7\` days |

\`\`\`sql
select 1. Then;
\`\`\`

Old style
---------
> Quoted words. More.
`

describe('splitting a document', () => {
  const units = splitUnits(NOTES)
  const texts = units.map((unit) => unit.text)

  test('every unit is exactly what stands at its offsets and lines', () => {
    const lines = NOTES.split('\n')
    for (const unit of units) {
      expect(NOTES.slice(unit.start, unit.end)).toBe(unit.text)
      const cited = lines.slice(unit.startLine - 1, unit.endLine).join('\n')
      expect(cited).toContain(unit.text)
    }
  })

  test('sentences cross hard line breaks and survive abbreviations and decimals', () => {
    expect(texts).toContain('It flushes the log\nbefore it answers, e.g. after 4.5 ms.')
    expect(texts).toContain('"Really?"')
    expect(texts).toContain("One region, see Dr. Hale's note.")
    expect(texts).toContain('It is being changed.')
  })

  test('a unit of one letter ends a sentence, an initial does not', () => {
    const text = 'The cell starts at 1.09 V. After 500 hours it gives 4 A. See J. Smith at 21 °C. Then rest.'
    expect(splitUnits(text).map((unit) => unit.text)).toEqual([
      'The cell starts at 1.09 V.',
      'After 500 hours it gives 4 A.',
      'See J. Smith at 21 °C.',
      'Then rest.',
    ])
  })

  test('list items stand alone, without their mark', () => {
    expect(texts).toContain('At most 30 days of history')
  })

  test('rows carry the names of their columns and the head is no statement', () => {
    const row = units.find((unit) => unit.text.startsWith('| Pallet'))
    expect(row?.cells).toEqual([
      { head: 'System', value: 'Pallet' },
      { head: 'Retention', value: '7 days' },
    ])
    expect(texts.some((text) => text.includes('System | Retention'))).toBe(false)
  })

  test('headings nest, in both styles, and code is no prose', () => {
    expect(units.find((unit) => unit.text.startsWith('At most'))?.headings).toEqual(['Harrow', 'Limits'])
    expect(units.find((unit) => unit.text === 'Quoted words.')?.headings).toEqual(['Harrow', 'Old style'])
    expect(units.find((unit) => unit.kind === 'code')?.text).toBe('select 1. Then;')
  })
})

test('lines are counted from the given first line', () => {
  const [unit] = splitUnits('\nA sentence here.', 40)
  expect(unit?.startLine).toBe(41)
})

test('a text without full stops is cut, never through a character', () => {
  const units = splitUnits('😀'.repeat(2_000))
  expect(units.length).toBeGreaterThan(1)
  expect(units.every((unit) => unit.text.isWellFormed())).toBe(true)
})

test('other scripts end sentences their own way', () => {
  expect(splitUnits('耐久性は重要です。次の文。').map((unit) => unit.text)).toEqual(['耐久性は重要です。', '次の文。'])
})

test('odd input is split without failing', () => {
  for (const text of [
    '',
    '\n\n',
    '|',
    '| a |\n|---|',
    '```',
    '###',
    '---',
    '\r\n\r\n',
    '- \n- ',
    'a'.repeat(10_000),
    '.'.repeat(5_000),
  ])
    expect(splitUnits(text).every((unit) => unit.text.length > 0)).toBe(true)
})
