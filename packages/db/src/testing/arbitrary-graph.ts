import fc from 'fast-check'

/** Dependencies of 1 to `max` tasks, by position: each only on tasks before it, so there is no cycle. */
export const arbitraryGraph = (max: number): fc.Arbitrary<number[][]> =>
  fc
    .array(fc.array(fc.nat({ max: max - 1 }), { maxLength: 3 }), { minLength: 1, maxLength: max, size: 'max' })
    .map((lists) =>
      lists.map((list, idx) => [...new Set(idx === 0 ? [] : list.map((dep) => dep % idx))].toSorted((a, b) => a - b)),
    )
