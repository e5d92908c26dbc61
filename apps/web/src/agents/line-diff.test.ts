import { expect, test } from 'vitest'
import { lineDiff, type DiffLine } from './line-diff.ts'

const SIGNS: Readonly<Record<DiffLine['kind'], string>> = { same: ' ', removed: '-', added: '+' }
const diff = (before: string, after: string): string =>
  lineDiff(before, after)
    .map(({ kind, text }) => `${SIGNS[kind]}${text}`)
    .join('\n')

test.each([
  ['', '', ''],
  ['', 'a', '+a'],
  ['a\nb', '', '-a\n-b'],
  ['a\nb\nc', 'a\nb\nc', ' a\n b\n c'],
  ['a\nb\nc', 'a\nx\nc', ' a\n-b\n+x\n c'],
  ['a\nb\nc\nd', 'b\nc\ne\nd', '-a\n b\n c\n+e\n d'],
  ['a\na', 'a\na\na', ' a\n a\n+a'],
  ['a\n\nb', 'a\nb', ' a\n-\n b'],
])('of %j and %j', (before, after, expected) => {
  expect(diff(before, after)).toBe(expected)
})

test('has each text again without what the other one added', () => {
  const before = Array.from({ length: 40 }, (_, i) => String((i * 7) % 11)).join('\n')
  const after = Array.from({ length: 35 }, (_, i) => String((i * 5) % 11)).join('\n')
  const lines = lineDiff(before, after)
  const without = (kind: DiffLine['kind']): string =>
    lines
      .filter((line) => line.kind !== kind)
      .map(({ text }) => text)
      .join('\n')
  expect([without('added'), without('removed')]).toEqual([before, after])
})

test('a middle too large to compare is replaced as a whole, between what stays', () => {
  const many = (sign: string): string[] => Array.from({ length: 1_200 }, (_, i) => `${sign}${i}`)
  const lines = lineDiff(['first', ...many('a'), 'last'].join('\n'), ['first', ...many('b'), 'last'].join('\n'))
  expect([lines.length, lines[0]?.kind, lines[1]?.kind, lines[1_201]?.kind, lines.at(-1)?.kind]).toEqual([
    2_402,
    'same',
    'removed',
    'added',
    'same',
  ])
})
