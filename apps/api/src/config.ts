import { fileURLToPath } from 'node:url'
import { ConfigurationError } from '@flotilla/domain'
import { laneLimitsProblem, readPriceSetting, UNKNOWN_PRICE_RULES } from '@flotilla/llm'
import * as v from 'valibot'

/** The checkout that this file belongs to: where relative paths begin. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

const text = v.pipe(v.string(), v.trim())
const wholeNumber = (name: string, least: number, most: number, fallback: number) =>
  v.optional(
    v.pipe(
      text,
      v.check(
        (value) => /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most,
        (issue) => `${name} is "${issue.input}"; expected a whole number from ${least} to ${most}`,
      ),
      v.transform(Number),
    ),
    String(fallback),
  )
const url = (name: string, protocols: readonly string[], example: string) =>
  v.pipe(
    text,
    v.check(
      (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
      `${name} is not a URL of the form ${example}`,
    ),
  )

const commaList = v.pipe(
  text,
  v.transform((value) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  ),
)

const prices = v.pipe(
  text,
  v.rawTransform<string, unknown>(({ dataset, addIssue, NEVER }) => {
    const read = readPriceSetting(dataset.value, ROOT)
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

const EnvSchema = v.object({
  DATABASE_URL: url('DATABASE_URL', ['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/database'),
  REDIS_URL: v.optional(url('REDIS_URL', ['redis:', 'rediss:'], 'redis://host:6379')),
  ANTHROPIC_API_KEY: v.optional(text),
  ANTHROPIC_BASE_URL: v.optional(text),
  OPENAI_API_KEY: v.optional(text),
  OPENAI_BASE_URL: v.optional(text),
  FLOTILLA_MODEL: v.optional(text),
  FLOTILLA_UTILITY_MODEL: v.optional(text),
  FLOTILLA_PRICES: v.optional(prices, '{}'),
  FLOTILLA_UNKNOWN_PRICE: v.optional(
    v.picklist(UNKNOWN_PRICE_RULES, 'FLOTILLA_UNKNOWN_PRICE: expected most_expensive or refuse'),
    'most_expensive',
  ),
  FLOTILLA_RATE_LIMITS: v.optional(rateLimits, '{}'),
  FLOTILLA_FALLBACK_MODELS: v.optional(commaList, ''),
  FLOTILLA_TOOLS: v.optional(commaList, ''),
  FLOTILLA_HOST: v.optional(
    v.pipe(text, v.regex(/^[\w.:-]{1,253}$/, 'FLOTILLA_HOST: expected a host name or an address')),
    '127.0.0.1',
  ),
  FLOTILLA_PORT: wholeNumber('FLOTILLA_PORT', 0, 65_535, 3_000),
  FLOTILLA_DB_POOL: wholeNumber('FLOTILLA_DB_POOL', 2, 200, 10),
  FLOTILLA_DRAIN_SECONDS: v.optional(
    v.pipe(
      text,
      v.check(
        (value) => /^\d{1,4}(?:\.\d+)?$/.test(value) && Number(value) <= 3_600,
        (issue) => `FLOTILLA_DRAIN_SECONDS is "${issue.input}"; expected a number from 0 to 3600`,
      ),
      v.transform(Number),
    ),
    '10',
  ),
  FLOTILLA_QUEUE_PREFIX: v.optional(
    v.pipe(text, v.regex(/^[\w-]{1,40}$/, 'FLOTILLA_QUEUE_PREFIX: expected letters, digits, "_" and "-", at most 40')),
    'flotilla',
  ),
  FLOTILLA_LOG_LEVEL: v.optional(
    v.picklist(
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      (issue) => `FLOTILLA_LOG_LEVEL is ${issue.received}; expected trace, debug, info, warn, error, fatal or silent`,
    ),
    'info',
  ),
})

export type Config = Readonly<v.InferOutput<typeof EnvSchema>>
export const ENV_KEYS = Object.keys(EnvSchema.entries)

/** The environment as configuration; empty counts as unset. Throws one ConfigurationError that names everything wrong. */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const present = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== ''),
  )
  const parsed = v.safeParse(EnvSchema, present)
  if (!parsed.success) throw new ConfigurationError(parsed.issues.map(problemOf).join('\n'))
  return Object.freeze(parsed.output)
}

function problemOf(issue: v.InferIssue<typeof EnvSchema>): string {
  const key = issue.path?.[0].key
  const name = typeof key === 'string' ? key : ''
  if (issue.message.startsWith(name)) return issue.message
  return issue.received === 'undefined' ? `${name} is not set` : `${name}: ${issue.message}`
}
