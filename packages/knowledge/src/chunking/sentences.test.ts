import { describe, expect, test } from 'vitest'
import { sentences } from './sentences.ts'

const split = (text: string) => [...sentences(text, 0, text.length)].map(({ start, end }) => text.slice(start, end))

describe('sentences', () => {
  test.each([
    [['One ends.', 'Two asks?', '"Three shouts!"', 'Four trails off…']],
    [['It costs 3.50 euros, e.g. at ACME Inc. or at Dr. Brown.', 'J. Smith agrees.']],
    [['See v2.1 of app.ts.', 'Then go on.']],
    [['**Bold ends.**', '_So does this._', 'And (this one.)', 'Done']],
    [['これは文です。', 'もう一つ！', '終わり']],
    [['1. The marker of an item is no sentence.', 'Its text is.']],
    [['A hard-wrapped\nsentence goes on.', 'Another\r\none.']],
    [['He said etc. and so on.', 'New.']],
  ])('%j', (expected) => {
    const spaced = expected.join(' ').replaceAll(/(?<=[。！]) /g, '')
    expect(split(spaced)).toEqual(expected)
  })

  test('leaves out the white space around a sentence', () => {
    expect(split(' \n One.\t\r\n  Two. \n')).toEqual(['One.', 'Two.'])
  })
})
