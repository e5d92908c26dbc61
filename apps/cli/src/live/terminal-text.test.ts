import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cut, fit, manyLines, oneLine, widthOf } from './terminal-text.ts'

const ESC = '\u001B'

test.each([
  ['colours', `${ESC}[31mred${ESC}[0m`, 'red'],
  ['a cursor that moves', `a${ESC}[2J${ESC}[1;1Hb`, 'ab'],
  ['a window title', `${ESC}]0;owned\u0007text`, 'text'],
  ['a link', `${ESC}]8;;http://evil${ESC}\\click${ESC}]8;;${ESC}\\`, 'click'],
  ['C1 controls', 'a\u009B31mb\u0085c', 'abc'],
  ['line breaks and tabs', 'a\r\nb\tc\u2028d', 'a b c d'],
  ['backspace, bell and NUL', 'a\bb\u0007c\u0000d', 'abcd'],
  ['writing turned around', 'abc\u202Egpj.exe', 'abcgpj.exe'],
])('oneLine disarms %s', (_, text, safe) => {
  expect(oneLine(text)).toBe(safe)
})

test('a title that is not ended hides no other line', () => {
  expect(manyLines('a\u001B]0;b\nc')).toBe('a\nc')
})

test('a hostile megabyte takes no longer than a harmless one', () => {
  const begun = performance.now()
  oneLine('\u001B]0;'.repeat(250_000))
  manyLines('\u001B['.repeat(250_000))
  expect(performance.now() - begun).toBeLessThan(20_000)
})

test('manyLines keeps breaks and tabs and disarms the rest', () => {
  expect(manyLines(`# T\r\n\tx\u0007\n${ESC}[31mred${ESC}[0m\rover`)).toBe('# T\n\tx\nredover')
})

test('no text leaves a control character in one line', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(oneLine(text)).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
    }),
  )
})

test('cuts by what is seen, never through a character', () => {
  expect(cut('hello world', 8)).toBe('hello w…')
  expect(cut('日本語テキスト', 7)).toBe('日本語…')
  expect(cut('👩‍👩‍👧‍👦 family of four', 6)).toBe('👩‍👩‍👧‍👦 fa…')
  expect(cut('short', 5)).toBe('short')
  expect(cut('x', 0)).toBe('')
})

test('fits any text exactly', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom('left' as const, 'right' as const),
      (text, width, align) => {
        expect(widthOf(fit(oneLine(text), width, align))).toBe(width)
      },
    ),
  )
})
