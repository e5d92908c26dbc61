import { RUN_STATUSES, type RunStatus } from '@flotilla/domain'
import * as v from 'valibot'
import { LimitSchema, NumberCursorSchema, one, plainText } from './query.ts'

const anyStatus = RUN_STATUSES.join('|')
const statuses = v.pipe(
  one,
  v.regex(
    new RegExp(`^(?:${anyStatus})(?:,(?:${anyStatus}))*$`),
    `expected statuses out of ${RUN_STATUSES.join(', ')}, separated by commas`,
  ),
  v.transform((text) => text.split(',') as RunStatus[]),
)

const notALabel = 'expected a label as key:value'
const label = v.pipe(plainText(notALabel), v.regex(/^[\w.-]{1,63}:[^]{0,200}$/, notALabel))
const labels = v.pipe(
  v.union([label, v.array(label)], notALabel),
  v.transform((given) => Object.fromEntries([given].flat().map((text) => splitAt(text, text.indexOf(':'))))),
)

const splitAt = (text: string, at: number): [string, string] => [text.slice(0, at), text.slice(at + 1)]

const notATime = 'expected a time such as 2026-01-31T12:00:00Z, or a date such as 2026-01-31'
const time = v.pipe(
  one,
  v.regex(/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/, notATime),
  v.transform((text) => new Date(text)),
  v.check((date) => !Number.isNaN(date.getTime()), notATime),
)

export const RunListQuerySchema = v.strictObject({
  status: v.optional(statuses),
  label: v.optional(labels),
  from: v.optional(time),
  to: v.optional(time),
  workflow: v.optional(one),
  limit: LimitSchema,
  cursor: v.optional(NumberCursorSchema),
})
export type RunListQuery = v.InferOutput<typeof RunListQuerySchema>
