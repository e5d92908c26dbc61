import type { RunNarrowing } from '@flotilla/db'
import { ERROR_CODES, MODES, REQUEST_TYPES, RUN_STATUSES, type RunStatus } from '@flotilla/domain'
import * as v from 'valibot'
import { LimitSchema, NumberCursorSchema, TimeSchema, one, plainText } from './query.ts'

/** Some of these, separated by commas. */
const listOf = <T extends string>(what: string, options: readonly T[]) =>
  v.pipe(
    one,
    v.regex(
      new RegExp(`^(?:${options.join('|')})(?:,(?:${options.join('|')}))*$`),
      `expected ${what} out of ${options.join(', ')}, separated by commas`,
    ),
    v.transform((text) => text.split(',') as T[]),
  )

const notALabel = 'expected a label as key:value'
const label = v.pipe(plainText(notALabel), v.regex(/^[\w.-]{1,63}:[^]{0,200}$/, notALabel))
const labels = v.pipe(
  v.union([label, v.array(label)], notALabel),
  v.transform((given) => Object.fromEntries([given].flat().map((text) => splitAt(text, text.indexOf(':'))))),
)

const splitAt = (text: string, at: number): [string, string] => [text.slice(0, at), text.slice(at + 1)]

const oneOf = <const T extends readonly string[]>(options: T) =>
  v.picklist(options, (issue) => `expected ${options.join(', ')}; found ${issue.received.slice(0, 80)}`)

/** Which runs are meant, wherever runs are listed or counted. */
export const NARROWING_ENTRIES = {
  status: v.optional(listOf('statuses', RUN_STATUSES)),
  label: v.optional(labels),
  type: v.optional(oneOf(REQUEST_TYPES)),
  mode: v.optional(oneOf(MODES)),
}
export const NARROWING_TEXT =
  'status: several, separated by commas. label: key:value, repeated for several. type: of the request, as it was analysed. mode: as it was created.'

type Given = Readonly<{
  status?: RunStatus[] | undefined
  label?: Record<string, string> | undefined
}> &
  Pick<RunNarrowing, 'type' | 'mode'>

export const narrowingOf = ({ status, label: given, type, mode }: Given): RunNarrowing => ({
  statuses: [...new Set(status ?? [])],
  labels: given ?? {},
  type,
  mode,
})

const notASearch = 'expected 1 to 200 characters to look for in goals'
const name = (what: string) => v.pipe(plainText(`expected ${what}`), v.minLength(1), v.maxLength(200))

export const RunListQuerySchema = v.strictObject({
  ...NARROWING_ENTRIES,
  agent: v.optional(name('the name of an agent')),
  model: v.optional(name('the name of a model')),
  error: v.optional(listOf('errors', ERROR_CODES)),
  from: v.optional(TimeSchema),
  to: v.optional(TimeSchema),
  workflow: v.optional(one),
  q: v.optional(v.pipe(plainText(notASearch), v.trim(), v.minLength(1, notASearch), v.maxLength(200, notASearch))),
  limit: LimitSchema,
  cursor: v.optional(NumberCursorSchema),
})
export type RunListQuery = v.InferOutput<typeof RunListQuerySchema>
