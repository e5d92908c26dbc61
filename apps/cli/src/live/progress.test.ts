import { expect, test } from 'vitest'
import { chooseProgress } from './progress.ts'

const at = (isTty: boolean, environment: Record<string, string> = { TERM: 'xterm' }) => ({ isTty, environment })

test('draws where a person looks on', () => {
  expect(chooseProgress('auto', false, at(true))).toEqual({ people: 'tty', json: false })
  expect(chooseProgress('auto', false, at(false))).toEqual({ people: 'plain', json: false })
  expect(chooseProgress('auto', false, at(true, { TERM: 'dumb' })).people).toBe('plain')
  expect(chooseProgress('auto', false, at(true, { CI: 'true' })).people).toBe('plain')
})

test('JSON silences what people see, unless they ask for it', () => {
  expect(chooseProgress('auto', true, at(true))).toEqual({ people: 'none', json: true })
  expect(chooseProgress('json', false, at(true))).toEqual({ people: 'none', json: true })
  expect(chooseProgress('plain', true, at(true))).toEqual({ people: 'plain', json: true })
})
