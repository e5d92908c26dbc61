import { CallSettingsSchema, CallTimeoutsSchema, issuesOf } from '@flotilla/domain'
import * as v from 'valibot'
import { DEFAULT_RETRY } from './resilient/retry.ts'

const text = v.pipe(v.string(), v.trim())

const jsonText = <T>(name: string, schema: v.GenericSchema<unknown, T>, what: string, example: string) =>
  v.pipe(
    text,
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(undefined, 'it is not JSON'), schema), dataset.value)
      if (parsed.success) return parsed.output
      const faults = issuesOf(parsed.issues).map(({ path, message }) =>
        path === '' ? message : `${path.slice(1).replaceAll('/', '.')}: ${message}`,
      )
      addIssue({ message: `${name}: ${faults.join('; ')}; expected ${what} such as ${example}` })
      return NEVER
    }),
  )

const TIMEOUTS = '{"connectSeconds": 60, "firstTokenSeconds": 180, "idleSeconds": 90, "totalSeconds": 900}'
const SETTINGS = '{"plan": {"reasoning": {"effort": "high"}}, "judge": {"timeouts": {"totalSeconds": 120}}}'

/** The variables that say how every model call is made, by whichever program. */
export const CALL_ENTRIES = {
  FLOTILLA_CALL_RETRIES: v.optional(
    v.pipe(
      text,
      v.regex(/^(\d|10)$/, (i) => `FLOTILLA_CALL_RETRIES is "${i.input}"; expected a whole number from 0 to 10`),
      v.transform(Number),
    ),
    String(DEFAULT_RETRY.retries),
  ),
  FLOTILLA_CALL_TIMEOUTS: v.optional(jsonText('FLOTILLA_CALL_TIMEOUTS', CallTimeoutsSchema, 'limits', TIMEOUTS), '{}'),
  FLOTILLA_CALL_SETTINGS: v.optional(
    jsonText('FLOTILLA_CALL_SETTINGS', CallSettingsSchema, 'settings of plan, judge and analysis,', SETTINGS),
    '{}',
  ),
}
