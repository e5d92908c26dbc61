import * as v from 'valibot'

/** What an input has instead of what is expected, as messages show it. */
export const foundText = ({ received }: { received: string }): string => (received === 'Array' ? 'a list' : received)

/**
 * An object of these fields and no others; an unknown field is told with those that there are, and with `example`, what a right
 * one looks like. Unlike valibot's own it refuses a
 * list, which has no field that could be wrong and would pass as an empty object.
 */
export function strictFields<const E extends v.ObjectEntries>(
  entries: E,
  example?: string,
): v.StrictObjectSchema<E, (issue: v.StrictObjectIssue) => string> {
  const names = Object.keys(entries).join(', ')
  const such = example === undefined ? '' : `, such as ${example}`
  const schema = v.strictObject(entries, (issue: v.StrictObjectIssue): string => {
    const key = String(issue.path?.at(-1)?.key)
    if (issue.expected === 'never') return `unknown field "${key}": expected ${names}${such}`
    return issue.expected === 'Object'
      ? `expected an object of ${names}${such}, found ${foundText(issue)}`
      : `"${key}" is missing${example === undefined ? '' : `: expected ${example}`}`
  })
  const fields = schema['~run']
  const refused = v.custom<never>(
    () => false,
    (issue) => `expected an object of ${names}${such}, found ${foundText(issue)}`,
  )
  const run = (...[dataset, config]: Parameters<typeof fields>): ReturnType<typeof fields> =>
    Array.isArray(dataset.value) ? refused['~run'](dataset, config) : fields.call(schema, dataset, config)
  return Object.assign(schema, { '~run': run })
}
