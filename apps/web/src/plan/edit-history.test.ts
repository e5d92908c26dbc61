import { expect, it } from 'vitest'
import { edited, redone, startHistory, undone } from './edit-history.ts'

const step = { what: null, at: 0 }

it('goes back and forth', () => {
  const history = edited(edited(startHistory('a'), 'b', step), 'c', step)
  expect(undone(history).now).toBe('b')
  expect(undone(undone(undone(history))).now).toBe('a')
  expect(redone(redone(redone(undone(undone(history))))).now).toBe('c')
})

it('forgets what was taken back once something else is done', () => {
  const other = edited(undone(edited(startHistory('a'), 'b', step)), 'x', step)
  expect(redone(other).now).toBe('x')
  expect(undone(other).now).toBe('a')
})

it('takes letters that follow each other as one step, but not after a pause, an undo or elsewhere', () => {
  const typing = (at: number, what = 'title') => ({ what, at })
  const word = edited(edited(startHistory(''), 'a', typing(0)), 'ab', typing(900))
  expect(undone(word).now).toBe('')
  expect(undone(edited(word, 'ab c', typing(1_900))).now).toBe('ab')
  expect(undone(edited(word, 'abc', typing(1_000, 'role'))).now).toBe('ab')
  expect(undone(edited(undone(word), 'x', typing(1_000))).now).toBe('')
})

it('does not count what changes nothing', () => {
  const history = startHistory('a')
  expect(edited(history, 'a', step)).toBe(history)
})
