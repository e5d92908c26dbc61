import { describe, expect, test } from 'vitest'
import { replyText } from '../port.ts'
import { asksForDisagreement } from './disagreement.ts'
import { ask, converse, answerTo, requestOf, taskPrompt, TOOLS, type Documents } from './offline.test-support.ts'

const QUESTIONS = [
  'What do these documents disagree about?',
  'Where do these policies contradict each other?',
  'Do the sources conflict?',
  'Which statements are inconsistent?',
  'Which of these notes are at odds with each other?',
  'Where do the documents differ?',
  'Are there any discrepancies?',
]

const OFFICE: Documents = {
  'travel.md':
    '# Travel\n\nHotel rooms are refunded up to 140 euros a night. Trips are booked by the front desk.\n\nReceipts must be handed in.',
  'expenses.md':
    '# Expenses\n\nHotel rooms are refunded up to 95 euros a night. Dogs are allowed in the office on Fridays.',
  'office.md': '# Office\n\nDogs are not allowed in the office on Fridays. The kitchen closes at six.',
}

test.each(QUESTIONS)('is asked for: %s', (question) => {
  expect(asksForDisagreement(question)).toBe(true)
})

test.each([
  'What happens when an employee disagrees with a decision?',
  'How are conflicts of interest handled?',
  'What do the policies say about conflicts of interest?',
  'How do Arbel and Brindle differ in price?',
  'How long is parental leave?',
])('is not asked for: %s', (question) => {
  expect(asksForDisagreement(question)).toBe(false)
})

describe('where sources disagree', () => {
  const SIDES = [
    'travel.md: Hotel rooms are refunded up to 140 euros a night. [travel.md:3]',
    'expenses.md: Hotel rooms are refunded up to 95 euros a night. [expenses.md:3]',
    'expenses.md: Dogs are allowed in the office on Fridays. [expenses.md:3]',
    'office.md: Dogs are not allowed in the office on Fridays. [office.md:3]',
  ]

  test.each(QUESTIONS)('a task lists the contradictions over all documents: %s', async (goal) => {
    for (const type of ['', 'answer', 'report', 'contradictions']) {
      const text = await answerTo({ goal, type, documents: OFFICE })
      for (const side of SIDES) expect(text).toContain(side)
    }
  })

  test('a task reads every document, not only what a search finds', async () => {
    const prompt = taskPrompt({ goal: 'What do these documents disagree about?', unseen: Object.keys(OFFICE) })
    const { calls, text } = await converse(requestOf(prompt, { tools: TOOLS }), (_, { name }) => {
      const lines = (OFFICE[String(name)] ?? '').split('\n').map((line, i) => `${i + 1}: ${line}`)
      return `<passage document="${String(name)}" lines="1-${lines.length}">\n${lines.join('\n')}\n</passage>`
    })
    expect(calls.flatMap(({ name, arguments: args }) => (name === 'read_document' ? [args['name']] : []))).toEqual(
      Object.keys(OFFICE),
    )
    for (const side of SIDES) expect(text).toContain(side)
  })

  test('a reader hands on its whole document, whatever the words of the question', async () => {
    const [name = '', document = ''] = Object.entries(OFFICE)[0] ?? []
    const text = await answerTo({
      goal: 'Where do these policies contradict each other?',
      task: `Extract from ${name} what it states, in its own words.`,
      title: `Read ${name}`,
      type: 'extract',
      documents: { [name]: document },
    })
    for (const sentence of ['140 euros', 'front desk', 'Receipts']) expect(text).toContain(sentence)
  })

  test.each(['question', 'research', 'custom'])('a %s is planned to read each document first', async (type) => {
    const names = Object.keys(OFFICE)
    for (const goal of QUESTIONS) {
      const prompt = `<mode>COORDINATOR</mode>\n<goal>\n${goal}\n</goal>\n<request_type>\n${type}\n</request_type>\n<documents>\n${names.map((name) => `<document name="${name}" lines="9" />`).join('\n')}\n</documents>`
      const plan = JSON.parse(replyText(await ask(requestOf(prompt)))) as {
        tasks: { key: string; type: string; dependsOn: string[] }[]
        result: string
      }
      expect(plan.tasks.map((task) => task.type)).toEqual(['extract', 'extract', 'extract', 'contradictions'])
      expect(plan.tasks.at(-1)).toMatchObject({
        key: plan.result,
        dependsOn: plan.tasks.slice(0, -1).map(({ key }) => key),
      })
    }
  })

  test('what a question is about besides decides whether there is an answer', async () => {
    const goal = 'What do these documents disagree about on dental insurance?'
    expect(await answerTo({ goal, type: 'answer', documents: OFFICE })).toMatch(/^The documents do not answer/)
  })

  test('the judge takes an account of contradictions for an answer', async () => {
    const output = await answerTo({ goal: QUESTIONS[0] ?? '', documents: OFFICE })
    const prompt = `<mode>VERIFIER</mode>\n<output>\n${output}\n</output>\n<criterion>\nIt deals with what was asked: ${QUESTIONS[0]}\n</criterion>\n<quote document="a" />`
    expect(JSON.parse(replyText(await ask(requestOf(prompt))))).toMatchObject({ score: 1 })
  })
})
