import * as v from 'valibot'
import { UNKNOWN_PRICE_RULES } from './cost.ts'
import { laneLimitsProblem } from './lane-limits.ts'
import { readPriceSetting } from './price-setting.ts'

const text = v.pipe(v.string(), v.trim())
const optionalText = v.optional(
  v.pipe(
    text,
    v.transform((value) => value || undefined),
  ),
)

const prices = (root: string) =>
  v.pipe(
    text,
    v.rawTransform<string, unknown>(({ dataset, addIssue, NEVER }) => {
      const read = readPriceSetting(dataset.value, root)
      if (read.ok) return read.value
      addIssue({ message: `FLOTILLA_PRICES ${read.message}` })
      return NEVER
    }),
  )

const rateLimits = v.pipe(
  text,
  v.parseJson(undefined, 'FLOTILLA_RATE_LIMITS is not JSON'),
  v.rawCheck(({ dataset, addIssue }) => {
    const problem = dataset.typed ? laneLimitsProblem(dataset.value) : null
    if (problem !== null) addIssue({ message: `FLOTILLA_RATE_LIMITS: ${problem}` })
  }),
)

/** The variables that choose models and say what they cost and bear; a file of prices is found from `root` on. */
export const modelEntries = (root: string) => ({
  ANTHROPIC_API_KEY: optionalText,
  ANTHROPIC_BASE_URL: optionalText,
  OPENAI_API_KEY: optionalText,
  OPENAI_BASE_URL: optionalText,
  FLOTILLA_MODEL: optionalText,
  FLOTILLA_UTILITY_MODEL: optionalText,
  FLOTILLA_PRICES: v.optional(prices(root), '{}'),
  FLOTILLA_UNKNOWN_PRICE: v.optional(
    v.picklist(UNKNOWN_PRICE_RULES, 'FLOTILLA_UNKNOWN_PRICE: expected most_expensive or refuse'),
    'most_expensive',
  ),
  FLOTILLA_RATE_LIMITS: v.optional(rateLimits, '{}'),
})
