import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dot, normalize } from '../embedding/vector.ts'
import { nearest } from './vector-space.ts'

const vectors = fc.array(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 3, maxLength: 3 }), { maxLength: 60 })

test('finds what sorting all cosines finds, equals in the order of the collection', async () => {
  await fc.assert(
    fc.asyncProperty(vectors, fc.integer({ min: 1, max: 10 }), async (given, limit) => {
      const query = normalize(Float32Array.of(1, 2, -1))
      const rows = given.map((values) => normalize(Float32Array.from(values)))
      const keys = rows.map((_, n) => ({ documentN: 0, n }))
      const flat = new Float32Array(rows.flatMap((row) => [...row]))
      const expected = rows
        .map((row, n) => ({ documentN: 0, n, cosine: dot(query, row) }))
        .toSorted((a, b) => b.cosine - a.cosine || a.n - b.n)
      expect(await nearest({ model: 'm', dimensions: 3, keys, flat }, query, limit)).toEqual(expected.slice(0, limit))
    }),
  )
})
