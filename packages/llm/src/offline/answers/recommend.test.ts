import { expect, test } from 'vitest'
import { answerTo } from '../offline.test-support.ts'

const KILNS = {
  'a.md':
    '# Morrow\n\nThe Morrow kiln has two shelves and a round door. Morrow kilns stand on legs. Potters call it Morrow.',
  'b.md':
    '# Tessel\n\nThe Tessel kiln has three shelves and a square door. Tessel kilns hang on a wall. Potters call it Tessel.',
}

test('without any statement for or against an option none is recommended, and all are named', async () => {
  const text = await answerTo({ goal: 'Recommend one of the kilns', documents: KILNS, type: 'recommend' })
  expect(text).toMatch(
    /^\*\*No recommendation: the documents give no grounds for one\.\*\* They name .*Morrow.* and .*Tessel/,
  )
  expect(text).not.toContain('**Recommendation:')
})

test('one statement for an option is grounds', async () => {
  const documents = { ...KILNS, 'b.md': `${KILNS['b.md']} The Tessel kiln is reliable.` }
  const text = await answerTo({ goal: 'Recommend one of the kilns', documents, type: 'recommend' })
  expect(text).toContain('**Recommendation: Tessel')
})

test('kinds of one entitlement in a table are no options', async () => {
  const table = (sick: number) =>
    `# Time away\n\n| Leave | Days |\n|---|---|\n| Annual Leave | 25 |\n| Sick Leave | ${sick} |\n| Study Leave | 5 |`
  const documents = { 'north.md': table(10), 'south.md': table(12) }
  const text = await answerTo({ goal: 'Recommend which leave scheme to adopt', documents, type: 'recommend' })
  const headline = text.split('\n').find((line) => line.startsWith('**')) ?? ''
  expect(headline).toMatch(/^\*\*No recommendation/)
  expect(headline).not.toMatch(/(?:Annual|Sick|Study) Leave/)
  expect(headline).toContain('north.md')
})
