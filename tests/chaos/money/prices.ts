/** US dollars per million tokens of the models that the campaign's provider has, as operators write them. */
export const PRICES = {
  'compatible:chaos': { input: 2, cachedInput: 0.5, cacheWrite: 2.5, output: 8 },
  'compatible:chaos-small': { input: 0.2, cachedInput: 0.05, cacheWrite: 0.25, output: 0.8 },
} as const
export const MODEL = 'compatible:chaos'
export const SMALL_MODEL = 'compatible:chaos-small'

/**
 * What a call holds at most, about: a prompt of 1,500 tokens and the longest output of an agent without limits of its own. What
 * it uses is a fifth of it.
 */
export const HELD = { tokens: 5_600, costUsd: 0.037 } as const

/** Limits of the month, which no campaign comes to. */
export const MONTH = { tokens: 1e9, costUsd: 1e4 } as const
