import { AgentInputSchema } from '@flotilla/domain'
import * as v from 'valibot'
import { expect, it, test } from 'vitest'
import { issueWords } from './issue-words.ts'

const found = (change: object): string[] => {
  const read = v.safeParse(AgentInputSchema, { name: 'a', role: 'writer', ...change })
  return (read.issues ?? []).map(({ message }) => issueWords(message))
}

test.each([
  [{ maxTurns: null }, 'expected a number'],
  [{ maxTurns: 1.5 }, 'expected a whole number, not 1.5'],
  [{ maxOutputTokens: 5 }, 'expected at least 16, not 5'],
  [{ maxOutputTokens: 200_000 }, 'expected at most 128,000, not 200000'],
  [{ description: 'x'.repeat(2_001) }, 'expected a length of at most 2,000, not 2001'],
  [{ enabled: 'x' }, 'expected true or false'],
])('what the API finds wrong with %o is said in words', (change, words) => {
  expect(found(change)).toContain(words)
})

it('leaves words as they are', () => expect(issueWords('an agent needs a name')).toBe('an agent needs a name'))
