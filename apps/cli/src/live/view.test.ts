import { expect, test } from 'vitest'
import { eventsOf, stateAfter, taskOf } from '../testing/run-fixture.ts'
import { createJsonView, createPlainView, createTerminalView } from './view.ts'

const state = stateAfter([taskOf('a')], [['task.started', 'a', { attempt: 1 }]])

test('the plain view writes one line a transition and nothing for the rest', () => {
  const lines: string[] = []
  const view = createPlainView((line) => lines.push(line))
  view.update(
    state,
    eventsOf([
      ['task.ready', 'a'],
      ['task.started', 'a'],
    ]),
  )
  view.tick(state)
  expect(lines).toEqual(['10:00:01 task started   a: Do a (Ada)'])
})

test('the JSON view writes the events as they are', () => {
  const lines: string[] = []
  const events = eventsOf([['run.created'], ['task.ready', 'a', { role: 'analyst' }]])
  createJsonView((line) => lines.push(line)).update(state, events)
  expect(lines.map((line): unknown => JSON.parse(line))).toEqual(events)
})

test('the last picture stands without the hint', () => {
  let written = ''
  const port = { write: (text: string) => void (written += text), size: () => ({ columns: 80, rows: 24 }) }
  const view = createTerminalView({ port, paint: (_, text) => text, now: () => 0, hint: 'Ctrl-C cancels' })
  view.tick(state)
  expect(written).toContain('Ctrl-C cancels')
  written = ''
  view.close(state)
  expect(written).not.toContain('Ctrl-C cancels')
})
