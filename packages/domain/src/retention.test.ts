import { expect, it } from 'vitest'
import { checkRetention } from './retention.ts'

it.each([
  [null, null],
  [30, null],
  [null, 30],
  [30, 30],
  [30, 7],
])('takes runs for %s days and events for %s', (runsDays, eventsDays) => {
  expect(checkRetention({ runsDays, eventsDays, keysDays: 7 })).toEqual([])
})

it('refuses events that are kept longer than their runs, with both names', () => {
  expect(checkRetention({ runsDays: 7, eventsDays: 7.5, keysDays: 7 })).toEqual([
    expect.stringMatching(/FLOTILLA_RETAIN_EVENTS_DAYS \(7\.5\).*FLOTILLA_RETAIN_DAYS \(7\)/),
  ])
})
