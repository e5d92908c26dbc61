import { expect, it } from 'vitest'
import { amountText, dollars, leastNumber, percentText } from './amount-text.ts'

it.each([
  [0, '$0'],
  [2, '$2.00'],
  [2.369375, '$2.37'],
  [0.0012, '$0.0012'],
  [0.00999, '$0.01'],
  [0.00001, 'under $0.0001'],
  [92.587, '$92.59'],
])('%d is told as %s', (value, text) => {
  expect(dollars(value)).toBe(text)
})

it('what is needed is rounded up and what is left down, but not what is whole', () => {
  expect([dollars(0.1125, 'up'), dollars(0.1199, 'down')]).toEqual(['$0.12', '$0.11'])
  expect([dollars(0.07, 'up'), dollars(0.29, 'down'), dollars(1.1, 'up')]).toEqual(['$0.07', '$0.29', '$1.10'])
  expect([dollars(0.00001, 'up'), dollars(0.00001, 'down')]).toEqual(['$0.0001', '$0'])
  expect(amountText('seconds', 7.41, 'up')).toBe('7.5 seconds')
})

it('the least number that suffices is short to type', () => {
  expect([leastNumber('costUsd', 2.369375), leastNumber('costUsd', 0.00012), leastNumber('costUsd', 2)]).toEqual([
    2.37, 0.0002, 2,
  ])
  expect([leastNumber('tokens', 1_990), leastNumber('seconds', 8.2)]).toEqual([1_990, 9])
})

it('an amount has its unit, in the singular where it is one', () => {
  expect(amountText('costUsd', 0.5)).toBe('$0.50')
  expect([amountText('tokens', 1), amountText('tokens', 20_000)]).toEqual(['1 token', '20,000 tokens'])
  expect([amountText('toolCalls', 1), amountText('toolCalls', 0)]).toEqual(['1 tool call', '0 tool calls'])
  expect([amountText('seconds', 1), amountText('seconds', 7.4)]).toEqual(['1 second', '7.4 seconds'])
})

it.each([
  [0, '0 %'],
  [0.2197, '22 %'],
  [0.998, '99 %'],
  [1, '100 %'],
  [3.1425, '314 %'],
])('a share of %d is %s', (share, text) => {
  expect(percentText(share)).toBe(text)
})
