import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { citationMarker, findCitations } from './citation.ts'

const names = fc.stringMatching(/^[^[\]\p{Cc}]{1,40}$/u)

describe('findCitations', () => {
  it('finds every marker with its place', () => {
    const found = findCitations('Kept for a year [a.md:3]. Twice [b: notes.md:10-12][a.md:3].')
    expect(found).toEqual([
      { marker: '[a.md:3]', document: 'a.md', startLine: 3, endLine: 3, at: 16 },
      { marker: '[b: notes.md:10-12]', document: 'b: notes.md', startLine: 10, endLine: 12, at: 32 },
      { marker: '[a.md:3]', document: 'a.md', startLine: 3, endLine: 3, at: 51 },
    ])
  })

  it('takes links, arrays and times for what they are', () => {
    expect(findCitations('[see](http://x:80) a[1] [12:30] [x] [:4] [a.md:]')).toMatchObject([
      { document: '12', startLine: 30 },
    ])
  })

  it('reads back every marker that is written', () => {
    fc.assert(
      fc.property(
        names,
        fc.integer({ min: 1, max: 9_999 }),
        fc.nat(99),
        fc.string(),
        (document, start, more, around) => {
          const marker = citationMarker(document, start, start + more)
          const text = `${around.replaceAll(/[[\]]/g, '')} ${marker}`
          expect(findCitations(text)).toContainEqual({
            marker,
            document,
            startLine: start,
            endLine: start + more,
            at: text.length - marker.length,
          })
        },
      ),
    )
  })

  it('is quick on text full of brackets', () => {
    const started = performance.now()
    findCitations('['.repeat(200_000))
    findCitations('[a:'.repeat(100_000))
    findCitations(`[${'a'.repeat(200_000)}`)
    expect(performance.now() - started).toBeLessThan(20_000)
  })
})
