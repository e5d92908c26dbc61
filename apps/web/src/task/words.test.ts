import { expect, it } from 'vitest'
import { takeWords, type Words } from './words.ts'

it('adds, takes back and begins anew', () => {
  const messages: [string, unknown][] = [
    ['attempt', { attempt: 1 }],
    ['delta', { text: 'one two' }],
    ['restart', { takeBack: 3 }],
    ['delta', { text: 'three' }],
    ['gap', {}],
    ['other', { text: 'x' }],
  ]
  const fold = (list: typeof messages) =>
    list.reduce<Words>((words, [type, data]) => takeWords(words, type, data), { text: '', attempt: null })
  expect(fold(messages)).toEqual({ text: 'one three … ', attempt: 1 })
  expect(fold([...messages, ['attempt', { attempt: 2 }]])).toEqual({ text: '', attempt: 2 })
})
