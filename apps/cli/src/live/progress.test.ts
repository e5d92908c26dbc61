import { expect, test } from 'vitest'
import { chooseProgress } from './progress.ts'

const at = (isTty: boolean, environment: Record<string, string> = { TERM: 'xterm' }) => ({ isTty, environment })

test('draws where a person looks on', () => {
  expect(chooseProgress('auto', false, at(true))).toEqual({ people: 'tty', json: false, waits: true })
  expect(chooseProgress('auto', false, at(false))).toEqual({ people: 'plain', json: false, waits: false })
  expect(chooseProgress('auto', false, at(true, { TERM: 'dumb' })).people).toBe('plain')
  expect(chooseProgress('auto', false, at(true, { CI: 'true' })).people).toBe('plain')
})

test('JSON silences what people see, unless they ask for it', () => {
  expect(chooseProgress('auto', true, at(true))).toEqual({ people: 'none', json: true, waits: false })
  expect(chooseProgress('json', false, at(true))).toEqual({ people: 'none', json: true, waits: false })
  expect(chooseProgress('plain', true, at(true))).toEqual({ people: 'plain', json: true, waits: false })
})

test('waits through a pause only where a person looks on', () => {
  expect(chooseProgress('plain', false, at(true)).waits).toBe(true)
  expect(chooseProgress('auto', false, at(true, { TERM: 'dumb' })).waits).toBe(true)
  expect(chooseProgress('auto', false, at(true, { CI: 'true' })).waits).toBe(false)
  expect(chooseProgress('tty', false, at(false)).waits).toBe(false)
})
