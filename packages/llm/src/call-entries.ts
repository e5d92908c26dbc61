import { CallTimeoutsSchema, type CallTimeouts } from '@flotilla/domain'
import * as v from 'valibot'
import { DEFAULT_RETRY } from './resilient/retry.ts'

const text = v.pipe(v.string(), v.trim())

const CallTimeoutsText = v.pipe(
  text,
  v.rawTransform<string, CallTimeouts>(({ dataset, addIssue, NEVER }) => {
    const parsed = v.safeParse(
      v.pipe(v.string(), v.parseJson(undefined, 'it is not JSON'), CallTimeoutsSchema),
      dataset.value,
    )
    if (parsed.success) return parsed.output
    const [issue] = parsed.issues
    const at = v.getDotPath(issue)
    const example = '{"connectSeconds": 60, "firstTokenSeconds": 180, "idleSeconds": 90, "totalSeconds": 900}'
    addIssue({
      message: `FLOTILLA_CALL_TIMEOUTS: ${at === null ? '' : `${at}: `}${issue.message}; expected limits such as ${example}`,
    })
    return NEVER
  }),
)

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
  FLOTILLA_CALL_TIMEOUTS: v.optional(CallTimeoutsText, '{}'),
}
