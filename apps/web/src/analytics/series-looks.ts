import type { Series } from './chart.tsx'

const LOOKS = [
  { colour: 'series-1' },
  { colour: 'series-2', dash: [6, 3] },
  { colour: 'series-3', dash: [2, 2] },
  { colour: 'series-4', dash: [8, 3, 2, 3] },
  { colour: 'series-5', dash: [4, 2] },
] as const satisfies readonly Pick<Series, 'colour' | 'dash'>[]

/** How many series have a look of their own. */
export const TOP = LOOKS.length

/** By colour and by stroke, for those who do not tell colours apart. */
export const lookOf = (i: number, rest: boolean): Pick<Series, 'colour' | 'dash'> =>
  (rest ? undefined : LOOKS[i]) ?? { colour: 'idle', dash: [1, 3] }
