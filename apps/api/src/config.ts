import { fileURLToPath } from 'node:url'
import { ConfigurationError } from '@flotilla/domain'
import { CALL_ENTRIES, modelEntries } from '@flotilla/llm'
import { commaList, environmentProblem, STORE_ENTRIES } from '@flotilla/runtime'
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

const EnvSchema = v.object({
  ...STORE_ENTRIES,
  ...modelEntries(ROOT),
  FLOTILLA_FALLBACK_MODELS: v.optional(commaList, ''),
  ...CALL_ENTRIES,
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
  if (!parsed.success) throw new ConfigurationError(parsed.issues.map(environmentProblem).join('\n'))
  return Object.freeze(parsed.output)
}
