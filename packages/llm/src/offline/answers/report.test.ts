import { findCitations } from '@flotilla/domain'
import { expect, test } from 'vitest'
import { answerTo } from '../offline.test-support.ts'

const dependencies = {
  hours: '## Hours\n\n- The workshop opens at seven. [hours.md:3]\n- Lathes are switched off at five. [hours.md:9]',
  badges:
    'What was found:\n\n- Badges are handed out at the gate. [gate.md:2]\n\n_Simulated: written by rule by the built-in offline model; no language model took part._',
}
const MARKERS = ['[hours.md:3]', '[hours.md:9]', '[gate.md:2]']
const unseen = ['hours.md', 'gate.md', 'other.md']

test.each([
  'Write one page for new employees',
  'Write one page that lists what beginners ask first',
  'Draft a welcome',
])('a text is written from what the tasks before it found: %s', async (task) => {
  const text = await answerTo({ goal: 'Welcome new colleagues', task, type: 'work', dependencies, unseen })
  expect(text).not.toContain('The documents do not answer')
  for (const marker of MARKERS) expect(text).toContain(marker)
})

test('passages that merely share a word with the order stand behind what was found for it', async () => {
  const documents = { 'other.md': 'Every page of the catalogue is printed twice. The catalogue has one cover.' }
  const task = 'Write one page for new employees'
  const text = await answerTo({ goal: task, task, dependencies, documents, unseen })
  for (const marker of MARKERS) expect(text).toContain(marker)
  const first = findCitations(text)[0]?.marker ?? ''
  expect(MARKERS).toContain(first)
})

test('statements about no subject are not dropped where others are about one', async () => {
  const found = {
    ...dependencies,
    tools:
      '### Arbel\n\n- Arbel is a saw. [t.md:1]\n- Arbel cuts oak. [t.md:2]\n- We like Arbel. [t.md:3]\n\n### Brindle\n\n- Brindle is a drill. [t.md:4]\n- Brindle drills steel. [t.md:5]\n- We like Brindle. [t.md:6]',
  }
  const text = await answerTo({ goal: 'Write one page on Arbel and Brindle', dependencies: found, unseen })
  for (const marker of MARKERS) expect(text).toContain(marker)
})

test('with neither findings nor passages that fit, the documents do not answer', async () => {
  const text = await answerTo({
    goal: 'Write one page for new employees',
    dependencies: { a: 'The documents do not answer this: hours.' },
    documents: { 'x.md': 'Oak dries slowly. Steel rusts quickly.' },
  })
  expect(text).toMatch(/^The documents do not answer/)
})
