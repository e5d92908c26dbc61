import { describe, expect, test } from 'vitest'
import { HANDBOOK, statementsIn, SYSTEMS } from './offline.test-support.ts'
import { assignSubjects, findSubjects } from './subjects.ts'

const namesIn = (documents: Parameters<typeof statementsIn>[0], goal = 'Compare them'): string[] =>
  findSubjects(goal, statementsIn(documents)).map(({ name }) => name)

describe('what the material is about', () => {
  test('is names that head sections, open rows and stand inside sentences', () => {
    expect(namesIn(SYSTEMS).toSorted()).toEqual(['Arbel', 'Brindle'])
  })

  test('is not words that are capitalised for beginning a sentence', () => {
    expect(namesIn(HANDBOOK)).toEqual([])
  })

  test('is what the goal names, where it names two', () => {
    const documents = {
      'a.md': 'We run Otter. Otter is fast and we like Otter.\n\nThen Finch came. Most use Lark.\n\nLark is slow.',
    }
    expect(namesIn(documents, 'Is Otter or Lark better?')).toEqual(['Otter', 'Lark'])
  })
})

test('a sentence about "it" and a section’s sentences are about what was named before', () => {
  const statements = statementsIn({
    'a.md':
      '## Arbel\n\nJobs stay 30 days.\n\n## Both\n\nBrindle is small. It forgets jobs. Arbel and Brindle differ here.',
    ...SYSTEMS,
  })
  const subjects = findSubjects('', statements)
  const assigned = assignSubjects(statements, subjects)
  const about = (text: string) =>
    assigned.get(statements.find((s) => s.text === text) ?? (statements[0] as never))?.map(({ name }) => name)
  expect(about('Jobs stay 30 days.')).toEqual(['Arbel'])
  expect(about('It forgets jobs.')).toEqual(['Brindle'])
  expect(about('Arbel and Brindle differ here.')?.toSorted()).toEqual(['Arbel', 'Brindle'])
})
