import { expect, it } from 'vitest'
import { pointerWords } from './pointer-words.ts'

it.each([
  ['', ''],
  ['/budget/toolCalls', 'budget, tool calls: '],
  ['/plan/tasks/0/a~1b', 'plan, tasks, no. 1, a/b: '],
])('tells %j as %j', (pointer, words) => expect(pointerWords(pointer)).toBe(words))
