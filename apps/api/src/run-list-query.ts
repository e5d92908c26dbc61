import { RUN_STATUSES, type RunStatus } from '@flotilla/domain'
import * as v from 'valibot'
import { LimitSchema, NumberCursorSchema, TimeSchema, one, plainText } from './query.ts'

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

const notASearch = 'expected 1 to 200 characters to look for in goals'

export const RunListQuerySchema = v.strictObject({
  status: v.optional(statuses),
  label: v.optional(labels),
  from: v.optional(TimeSchema),
  to: v.optional(TimeSchema),
  workflow: v.optional(one),
  q: v.optional(v.pipe(plainText(notASearch), v.trim(), v.minLength(1, notASearch), v.maxLength(200, notASearch))),
  limit: LimitSchema,
  cursor: v.optional(NumberCursorSchema),
})
export type RunListQuery = v.InferOutput<typeof RunListQuerySchema>
