import { inWorkspace, readCosts } from '@flotilla/db'
import { COST_GROUPS, CostReportSchema, PAGE_DEFAULT, type CostGroup } from '@flotilla/domain'
import { Hono } from 'hono'
import * as v from 'valibot'
import { workspaceOf, type ApiDeps, type AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { operation } from '../openapi.ts'
import { LimitSchema, TimeSchema, TOP_DEFAULT, TopSchema, one, query } from '../query.ts'
import { NARROWING_ENTRIES, NARROWING_TEXT, narrowingOf } from '../run-list-query.ts'
import { refusedSpan } from '../time-span.ts'

const COSTS = operation({
  id: 'listCosts',
  tag: 'budget',
  summary: 'What the model calls of the workspace have cost, split by kind',
  description: `by: ${COST_GROUPS.join(', ')} (the default: model) or label:KEY. over: day, for series by day (in UTC) of the top (default 5) items and of all others together, at most 366 days. ${NARROWING_TEXT} Any of these leaves out calls of no run. from (inclusive) and to (exclusive): when calls were admitted; without them this calendar month (UTC). Each call counts once, for the run that made it; rest sums what limit leaves out; estimatedCalls and estimatedUsd are the part whose usage no provider has told. Runs that were deleted have taken their calls along; the budget still counts them.`,
  answers: { 200: { description: 'The costs', json: CostReportSchema } },
  refusals: ['invalid_input'],
})

const EXPECTED_BY = `expected ${COST_GROUPS.join(', ')} or label:KEY, such as label:team`
const by = v.pipe(
  one,
  v.regex(
    new RegExp(`^(?:${COST_GROUPS.join('|')}|label:[\\w.-]{1,63})$`),
    (i) => `${EXPECTED_BY}; found "${i.input.slice(0, 80)}"`,
  ),
  v.transform((text) => text as CostGroup),
)
const CostQuerySchema = v.strictObject({
  from: v.optional(TimeSchema),
  to: v.optional(TimeSchema),
  ...NARROWING_ENTRIES,
  by: v.optional(by),
  over: v.optional(v.literal('day', (issue) => `expected day; found ${issue.received.slice(0, 80)}`)),
  top: TopSchema,
  limit: LimitSchema,
})

/** Costs of a workspace. */
export const costRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>().get('/', COSTS, query(CostQuerySchema), async (c) => {
    const given = c.req.valid('query')
    const workspaceId = workspaceOf(c)
    const from = given.from ?? monthBefore(given.to ?? deps.clock.now())
    const to = given.to ?? nextMonth(given.from ?? deps.clock.now(), deps.clock.now())
    const refused = refusedSpan({ from, to }, given.over !== undefined)
    if (refused !== null) return refuse(c, refused)
    const what = { by: given.by ?? 'model', limit: given.limit ?? PAGE_DEFAULT } as const
    const top = given.over === undefined ? null : (given.top ?? TOP_DEFAULT)
    const filter = { workspaceId, from, to, which: narrowingOf(given), ...what, top }
    return c.json(await inWorkspace(deps.db, workspaceId, (tx) => readCosts(tx, filter)), 200)
  })

/** The begin of the month that ends with this time, or that it lies in. */
function monthBefore(time: Date): Date {
  const last = new Date(time.getTime() - 1)
  return new Date(Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), 1))
}

/** The end of this month, however long ago the begin is; of a begin that is yet to come its own month's. */
function nextMonth(from: Date, now: Date): Date {
  const time = from > now ? from : now
  return new Date(Date.UTC(time.getUTCFullYear(), time.getUTCMonth() + 1, 1))
}
