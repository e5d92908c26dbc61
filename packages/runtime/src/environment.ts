import * as v from 'valibot'

const text = v.pipe(v.string(), v.trim())

/** What stands between commas; blanks do not count. */
export const commaList = v.pipe(
  text,
  v.transform((value) =>
    value
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  ),
)

/** A value may hold a password: it is never repeated in a message. */
const url = (name: string, protocols: readonly string[], example: string) =>
  v.pipe(
    text,
    v.check(
      (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
      `${name} is not a URL of the form ${example}`,
    ),
  )

/** The variables that say where the record and the queues are. */
export const STORE_ENTRIES = {
  DATABASE_URL: url('DATABASE_URL', ['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/database'),
  REDIS_URL: v.optional(url('REDIS_URL', ['redis:', 'rediss:'], 'redis://host:6379')),
}

/** What is wrong with a variable, by its name. */
export function environmentProblem(issue: v.BaseIssue<unknown>): string {
  const key = issue.path?.[0].key
  const name = typeof key === 'string' ? key : ''
  if (issue.message.startsWith(name)) return issue.message
  return issue.received === 'undefined' ? `${name} is not set` : `${name}: ${issue.message}`
}
