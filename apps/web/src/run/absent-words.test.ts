import { expect, it } from 'vitest'
import { noDurationText, noPlan, noQualityText, nothingBegan } from './absent-words.ts'

it('says of a run that goes on what is to come', () => {
  expect(nothingBegan('executing').title).toBe('Nothing has begun yet.')
  expect(noPlan('planning').title).toBe('There is no plan yet.')
  expect([noQualityText('executing'), noDurationText('created')]).toEqual(['–', '–'])
})

it.each([
  ['cancelled', 'was cancelled'],
  ['failed', 'failed'],
] as const)('says of a %s run what never came', (status, how) => {
  expect(nothingBegan(status)).toEqual({
    title: 'Nothing began.',
    text: `The run ${how} before any task was ready to be worked on.`,
  })
  expect(noPlan(status)).toEqual({ title: 'It never had a plan.', text: `The run ${how} before it was planned.` })
  expect([noQualityText(status), noDurationText(status)]).toEqual(['none', 'never began'])
})
