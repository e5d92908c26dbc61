import { expect, it } from 'vitest'
import { csvText } from './csv.ts'

it('quotes what would break a line, and keeps text from being a formula', () =>
  expect(
    csvText(
      ['key', 'runs'],
      [
        ['a,b "c"\nd', 1.5],
        ['=1+1', -2],
        [null, null],
      ],
    ),
  ).toBe('key,runs\r\n"a,b ""c""\nd",1.5\r\n\'=1+1,-2\r\n,\r\n'))
