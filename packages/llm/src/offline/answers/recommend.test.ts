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

const TOOLS = {
  'needs.md': `# Requirements

## Must

- Backups must be encrypted with a key that we hold ourselves.
- Backups must be kept for at least 35 days.
- At most 5 minutes of transactions may be lost when a site burns down.
- The vendor must have an office in Oslo.

## Should

- The tool should expose metrics for Prometheus.
- Invoices should arrive by post.
- Juniors should be able to restore alone.
- The console should speak Norwegian.`,
  'kelp.md': `# Kelp

Kelp does not encrypt with a key that the customer holds. Kelp keeps backups for 90 days. Kelp lost 8 seconds of
transactions. Kelp exposes metrics for Prometheus.`,
  'marlow.md': `# Marlow

Marlow encrypts backups with a key that the customer holds. Marlow keeps backups for 30 days. Marlow lost 55 seconds of
transactions. Marlow exposes metrics for Prometheus.`,
  'visit.md': '# Visit\n\nWe asked Kelp and Marlow for a demonstration. The order of the two should not matter.',
}
const GOAL = 'Compare Kelp and Marlow, and recommend one, checked against the requirements.'

test('every demand is in the table and in the count, also those that nobody speaks of', async () => {
  const text = await answerTo({ goal: GOAL, documents: TOOLS, type: 'recommend' })
  expect(text).toContain(
    'of 8 demands found in needs.md, the documents say that it meets 3 and does not meet 1; on 4 nothing was found.',
  )
  expect(text.match(/^\| \d\. /gm)).toHaveLength(8)
  expect(text).toMatch(/\| 4\. The vendor must have an office in Oslo\..* \| nothing found \| nothing found \|/)
  expect(text).toContain('in Oslo. [needs.md:8]\n   - Nothing was found in the documents on this.')
})

test('what is denied of the means is denied, and a circumstance is no part of the demand', async () => {
  const text = await answerTo({ goal: GOAL, documents: TOOLS, type: 'recommend' })
  expect(text).toContain('Kelp, not met: Kelp does not encrypt with a key that the customer holds.')
  expect(text).toContain('Marlow, met: Marlow lost 55 seconds of transactions.')
})

test('demands of which nobody speaks are shown, and do not decide', async () => {
  const documents = { ...KILNS, 'needs.md': '# Requirements\n\nThe flue must be lined with zinc.' }
  const text = await answerTo({
    goal: 'Recommend one of the kilns',
    documents: { ...documents, 'b.md': `${KILNS['b.md']} The Tessel kiln is reliable.` },
    type: 'recommend',
  })
  expect(text).toContain('**Recommendation: Tessel')
  expect(text).toMatch(/\| 1\. The flue must be lined with zinc\. .*nothing found/)
})
