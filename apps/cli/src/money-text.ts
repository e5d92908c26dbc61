import {
  dollars,
  percentText,
  type CostKinds,
  type CostSplit,
  type EstimateCheck,
  type Spent,
  type TaskBudgetView,
  type CutOffCallView,
} from '@flotilla/domain'
import { atSecond, count, duration } from './live/figures.ts'
import { table } from './table.ts'

const LIMITS = [
  { name: 'cost', field: 'costUsd', show: dollars },
  { name: 'tokens', field: 'tokens', show: count },
  { name: 'tool calls', field: 'toolCalls', show: count },
  { name: 'seconds', field: 'seconds', show: count },
] as const

/** Limits with what is spent and held of them, a line each. */
export function limitTable(
  head: string,
  { limits, reserved, spent }: Readonly<{ limits: Readonly<Record<string, unknown>>; reserved: Spent; spent: Spent }>,
): string {
  const columns = [
    { head },
    { head: 'LIMIT', align: 'right' },
    { head: 'SPENT', align: 'right' },
    { head: 'RESERVED', align: 'right' },
    { head: 'USED', align: 'right' },
  ] as const
  const rows = LIMITS.map(({ name, field, show }) => {
    const limit = limits[field]
    const share = typeof limit === 'number' && limit > 0 ? percentText(spent[field] / limit) : ''
    return [name, typeof limit === 'number' ? show(limit) : 'none', show(spent[field]), show(reserved[field]), share]
  })
  return table(columns, rows)
}

/** What a task has spent and holds, of limits of its own where it has any. */
export function taskBudgetText(budget: TaskBudgetView): string {
  const whose =
    Object.keys(budget.limits).length === 0 ? "It has no limit of its own: its run's and the month's hold it. " : ''
  return `${limitTable('BUDGET', budget)}\n${whose}Seconds: time worked, of all its calls together.`
}

/** Calls whose answers were not kept, a line each: of which attempt, and what of them is charged. */
export const cutOffLines = (calls: readonly CutOffCallView[]): string[] =>
  calls.map(({ attempt, model, startedAt, charged, tokens, costUsd, unknownUsdAtMost }) => {
    const paid =
      charged === 'unknown' || charged === 'not_yet' ? 'nothing' : `${count(tokens)} tokens, ${dollars(costUsd)}`
    const more = charged === 'told' ? '' : `; at most ${dollars(unknownUsdAtMost, 'up')} more`
    return `Cut off: a call of attempt ${attempt} to ${model}, begun ${atSecond(startedAt)} UTC; charged ${paid}${charged === 'estimated' ? ' (estimated)' : ''}${more}.`
  })

/** Of limits that were lowered below what is spent and held. */
export const noticeLine = (notice: string | undefined): string[] => (notice === undefined ? [] : [`Notice: ${notice}.`])

const KINDS: readonly Readonly<{
  head: string
  usd: keyof CostKinds
  tokens: (split: CostSplit['tokens']) => number
}>[] = [
  { head: 'INPUT', usd: 'inputUsd', tokens: (t) => t.inputTokens - t.cachedInputTokens - t.cacheWriteTokens },
  { head: 'CACHED', usd: 'cachedInputUsd', tokens: (t) => t.cachedInputTokens },
  { head: 'WRITTEN', usd: 'cacheWriteUsd', tokens: (t) => t.cacheWriteTokens },
  { head: 'OUTPUT', usd: 'outputUsd', tokens: (t) => t.outputTokens - t.reasoningTokens },
  { head: 'REASONING', usd: 'reasoningUsd', tokens: (t) => t.reasoningTokens },
]

/** Costs by kind in US dollars, a line each; where all of it was free, tokens by kind. The last line says which. */
export function costTable(head: string, rows: readonly (readonly [name: string, split: CostSplit])[]): string {
  const columns = [
    { head },
    { head: 'CALLS', align: 'right' },
    { head: 'TOKENS', align: 'right' },
    ...KINDS.map((kind) => ({ head: kind.head, align: 'right' as const })),
    { head: 'COST', align: 'right' },
  ] as const
  const free = rows.every(([, { cost }]) => cost.totalUsd === 0)
  const none = rows.every(([, { calls }]) => calls === 0)
  const unit = none
    ? 'No call is paid.'
    : free
      ? 'All of it was free: the kinds are in tokens.'
      : 'The kinds are in US dollars.'
  const lines = table(
    columns,
    rows.map(([name, { calls, tokens, cost }]) => [
      name,
      String(calls),
      count(tokens.inputTokens + tokens.outputTokens),
      ...KINDS.map((kind) => (free ? count(kind.tokens(tokens)) : dollars(cost[kind.usd]))),
      dollars(cost.totalUsd),
    ]),
  )
  return `${lines}\n${unit}`
}

/** What of these costs no provider has told. */
export const estimatedLine = ({ estimatedCalls, estimatedUsd, cost }: CostSplit): string[] => {
  if (estimatedCalls === 0) return []
  const [calls, are] = estimatedCalls === 1 ? ['1 call', 'is'] : [`${estimatedCalls} calls`, 'are']
  const share = cost.totalUsd > 0 ? `, ${dollars(estimatedUsd)} (${percentText(estimatedUsd / cost.totalUsd)})` : ''
  return [`Of this, ${calls}${share} ${are} estimated: no usage was told, or the call was cut off.`]
}

/** What may come on top of what was charged. */
export const unknownLine = ({
  unknownCalls = 0,
  unknownUsdAtMost = 0,
}: Readonly<{ unknownCalls?: number | undefined; unknownUsdAtMost?: number | undefined }>): string[] => {
  if (unknownCalls === 0) return []
  const calls =
    unknownCalls === 1 ? '1 call ended without telling its' : `${unknownCalls} calls ended without telling their`
  return [`${calls} usage; at most ${dollars(unknownUsdAtMost, 'up')} more.`]
}

/** `$0.40 ($0.10 to $1.00), …; used: $0.42, …`. */
export function estimateText({ costUsd, tokens, seconds }: EstimateCheck): string {
  const all = [
    { figure: costUsd, show: dollars, least: Number.MIN_VALUE },
    { figure: tokens, show: (value: number) => `${count(value)} tokens`, bare: count, least: 1 },
    // What the offline model answers takes the time of everything else.
    { figure: seconds, show: (value: number) => duration(1_000 * value), least: 1 },
  ]
  const parts = all.filter(({ figure, least }) => figure.expected >= least || (least < 1 && figure.actual > 0))
  const expected = parts.map(
    ({ figure, show, bare = show }) => `${show(figure.expected)} (${bare(figure.low)} to ${bare(figure.high)})`,
  )
  const used = parts.map(({ figure, show }) => `${show(figure.actual)}${besides(figure)}`)
  return `${expected.join(', ')}; used: ${used.join(', ')}`
}

const besides = ({ actual, low, within }: EstimateCheck['tokens']): string =>
  within ? '' : ` (${actual < low ? 'below' : 'above'} the range)`
