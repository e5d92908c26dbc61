import { describe, expect, test } from 'vitest'
import { answerTo, type Documents } from './offline.test-support.ts'
import { soleWordOf } from './sole-word.ts'
import { questionStems } from './words.ts'

const SECURITY: Documents = {
  'passwords.md':
    '# Passwords\n\nPasswords are rotated every 90 days and expire on a Monday. They are never stored in plain text. Old passwords must not be kept. The policy is checked yearly.',
}
const REFUSED = /^The documents do not answer/

describe('a question about one word', () => {
  test.each([
    'What do these documents say about retention?',
    'What do the policies say about retention?',
    'Is there anything on retention in the notes?',
  ])('is not answered by a passage that comes near it: %s', async (goal) => {
    for (const type of ['answer', 'find']) expect(await answerTo({ goal, type, documents: SECURITY })).toMatch(REFUSED)
  })

  test('is answered by the word, its forms, and what stands under its heading', async () => {
    const goal = 'What do these documents say about retention?'
    const [, security = ''] = Object.entries(SECURITY)[0] ?? []
    const said = {
      noun: 'The retention period of invoices is ten years.',
      verb: 'Invoices are retained for ten years.',
      heading: '## Retention\n\nInvoices go to the shredder after ten years.',
    }
    for (const text of Object.values(said)) {
      const answer = await answerTo({ goal, type: 'answer', documents: { 'p.md': security, 'i.md': text } })
      expect(answer.split('[')[0]?.trim()).toBe(text.split('\n').at(-1))
      expect(answer).not.toContain('rotated')
    }
  })

  test('is not answered by a word that a rule takes for its form', async () => {
    const documents = { 'a.md': 'The last bus must not be missed. Departed guests leave their keys apart.' }
    expect(await answerTo({ goal: 'What do they say about the mission?', type: 'answer', documents })).toMatch(REFUSED)
    expect(await answerTo({ goal: 'What is said of the department?', type: 'answer', documents })).toMatch(REFUSED)
  })
})

test.each([
  ['How long are invoices retained?', null],
  ['What do the documents say about vaccination?', 'vaccinat'],
  ['What do these documents say?', null],
])('the one word of a question: %s', (question, expected) => {
  expect(soleWordOf(question, questionStems(question))).toBe(expected)
})
