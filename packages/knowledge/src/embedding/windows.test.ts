import fc from 'fast-check'
import { expect, test } from 'vitest'
import { windowsOf } from './windows.ts'

test('holds every character of a text in bounded windows', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 2_000 }), (text) => {
      const windows = windowsOf(text)
      expect(windows.join('').replaceAll(/\s/g, '')).toBe(text.replaceAll(/\s/g, ''))
      for (const window of windows) expect(window.length).toBeLessThanOrEqual(221)
    }),
  )
})

test('keeps paragraphs apart and cuts a long one evenly', () => {
  const windows = windowsOf(`Title\n\n${'some words '.repeat(60)}`)
  expect(windows[0]).toBe('Title')
  const lengths = windows.slice(1).map((window) => window.length)
  expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThan(30)
})
