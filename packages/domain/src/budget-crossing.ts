import { amountText, percentText } from './amount-text.ts'
import {
  BUDGET_DIMENSIONS,
  describeCallStop,
  exact,
  reserveAmounts,
  roomOf,
  type Amounts,
  type BudgetAccount,
  type BudgetStop,
} from './budget-account.ts'
import { NO_SPEND, type BudgetDimension } from './budget.ts'

/** Share of a limit that is spent when it is told of, and from which on `degrade` saves. */
export const BUDGET_WARN_AT = 0.8

export const CROSSING_POLICIES = ['degrade', 'pause', 'fail'] as const
export type CrossingPolicy = (typeof CROSSING_POLICIES)[number]

/** A model that the agent may use; `priceUsd` of a prompt and an output of these sizes, at worst. */
export type AllowedModel = Readonly<{ ref: string; priceUsd: (promptTokens: number, outputTokens: number) => number }>

/** A model call that is about to be made. `models` begins with the one that is wanted. */
export type WantedCall = Readonly<{
  promptTokens: number
  maxOutputTokens: number
  /** With fewer the answer would be of no use. */
  minOutputTokens: number
  models: readonly [AllowedModel, ...AllowedModel[]]
  timeoutSeconds: number
}>

/** What is done to save. */
export type Saving =
  | Readonly<{ what: 'model'; from: string; to: string }>
  | Readonly<{ what: 'max_output_tokens'; from: number; to: number }>
  | Readonly<{ what: 'judge_samples'; criterion: string; from: number; to: number }>
  | Readonly<{ what: 'optional_task'; task: string }>

/** Why, with the amounts: the account and dimension that are closest to their limit, or too small. */
export type Crossing = Omit<BudgetStop, 'asked'> & Readonly<{ share: number }>

/** `ask.seconds` is the time that the call is given. */
export type GrantedCall = Readonly<{ model: string; maxOutputTokens: number; ask: Amounts }>

/** `savings` is empty for a call that is made as it was wanted; `crossing` says why where it is not. */
export type CallDecision =
  | Readonly<{ kind: 'call'; call: GrantedCall; savings: readonly Saving[]; crossing: Crossing | null }>
  | Readonly<{ kind: 'wait' | 'pause' | 'fail'; stop: BudgetStop; reason: string }>

/**
 * What becomes of a call. As it is wanted where it fits; `pause` and `fail` end it where it does not. `degrade` saves from 80 %
 * on, and wherever the call would not fit: the cheapest allowed model that fits, then, where none does, an output half as long,
 * then as short as is of use; where tokens or time are scarce, and not money, the model stays; where even that does not fit, it fails. A call that only does not fit beside what is held for others waits: they
 * mostly use a small part of it, and each of their ends brings room or settles that there is none. The record decides again
 * when it reserves: others may have been faster.
 */
export function decideCall(
  policy: CrossingPolicy,
  accounts: readonly BudgetAccount[],
  wanted: WantedCall,
): CallDecision {
  const asWanted = grant(accounts, wanted, wanted.models[0], wanted.maxOutputTokens)
  const fits = reserveAmounts(accounts, asWanted.ask)
  const crossing = closestLimit(accounts, SAVED_BY_CALLS)
  const late = policy === 'degrade' && (crossing?.share ?? 0) >= BUDGET_WARN_AT
  if (fits.ok && !late) return { kind: 'call', call: asWanted, savings: [], crossing: null }
  if (!fits.ok && !late && fitsLater(accounts, asWanted)) return stopped('wait', fits.stop)
  if (policy === 'degrade') {
    const scarce = fits.ok ? crossing?.dimension : fits.stop.dimension
    const cheaper =
      scarce === 'costUsd' || costIsScarce(accounts) ? cheaperCalls(accounts, wanted) : shorterCalls(accounts, wanted)
    const call = cheaper.find((each) => reserveAmounts(accounts, each.ask).ok)
    if (call) return saved(asWanted, call, fits.ok ? crossing : crossingOf(fits.stop))
    if (!fits.ok && cheaper.some((each) => fitsLater(accounts, each))) return stopped('wait', fits.stop)
    const least = fits.ok ? null : smallestStop(accounts, cheaper)
    if (least !== null) return stopped('fail', least, 'even the smallest useful call')
  }
  if (fits.ok) return { kind: 'call', call: asWanted, savings: [], crossing: null }
  return stopped(policy === 'pause' ? 'pause' : 'fail', fits.stop)
}

const stopped = (kind: 'wait' | 'pause' | 'fail', stop: BudgetStop, what?: string): CallDecision => ({
  kind,
  stop,
  reason: describeCallStop(stop, what),
})

/** What the least of the calls that could have been made instead did not fit; null where it fits. */
function smallestStop(accounts: readonly BudgetAccount[], calls: readonly GrantedCall[]): BudgetStop | null {
  const [least] = calls.toSorted((a, b) => a.ask.costUsd - b.ask.costUsd || a.ask.tokens - b.ask.tokens)
  const reserved = least && reserveAmounts(accounts, least.ask)
  return reserved === undefined || reserved.ok ? null : reserved.stop
}

/** A call that could not be made shorter or cheaper is made as it was wanted, and there is nothing to tell. */
function saved(wanted: GrantedCall, call: GrantedCall, crossing: Crossing | null): CallDecision {
  const savings = savingsOf(wanted, call)
  return { kind: 'call', call, savings, crossing: savings.length === 0 ? null : crossing }
}

/** Whether it would fit if nothing were held for other calls. */
const fitsLater = (accounts: readonly BudgetAccount[], call: GrantedCall): boolean =>
  reserveAmounts(accounts.map(withNothingHeld), call.ask).ok

const withNothingHeld = (account: BudgetAccount): BudgetAccount => ({ ...account, reserved: NO_SPEND })

/** What becomes of a call that cannot be made cheaper, such as a tool's, and that was refused. */
export function decideStop(policy: CrossingPolicy, stop: BudgetStop): 'wait' | 'pause' | 'fail' {
  if (exact(stop.settled + stop.asked) <= stop.limit) return 'wait'
  return policy === 'pause' ? 'pause' : 'fail'
}

/** A cheaper model or a shorter answer saves nothing else. */
const SAVED_BY_CALLS: readonly BudgetDimension[] = ['tokens', 'costUsd']

/** Fewer samples of a judge, and fewer tasks, save time too. */
const SAVED_BY_LESS: readonly BudgetDimension[] = ['tokens', 'costUsd', 'seconds']

/**
 * Why less is to be done than was wanted, beside cheaper calls: a judge takes one sample, and an optional task that has not
 * begun is left out. Null where nothing is to be saved.
 */
export function savesNow(policy: CrossingPolicy, accounts: readonly BudgetAccount[]): Crossing | null {
  const crossing = policy === 'degrade' ? closestLimit(accounts, SAVED_BY_LESS) : null
  return crossing !== null && crossing.share >= BUDGET_WARN_AT ? crossing : null
}

/** A call is given no more time than is left; where not even a second is, it asks for all and is stopped. */
function grant(
  accounts: readonly BudgetAccount[],
  wanted: WantedCall,
  model: AllowedModel,
  maxOutputTokens: number,
): GrantedCall {
  const left = tightestRoom(accounts, 'seconds')
  return {
    model: model.ref,
    maxOutputTokens,
    ask: {
      tokens: wanted.promptTokens + maxOutputTokens,
      costUsd: model.priceUsd(wanted.promptTokens, maxOutputTokens),
      toolCalls: 0,
      seconds: left < 1 ? wanted.timeoutSeconds : Math.min(left, wanted.timeoutSeconds),
    },
  }
}

const costIsScarce = (accounts: readonly BudgetAccount[]): boolean =>
  (closestLimit(accounts, ['costUsd'])?.share ?? 0) >= BUDGET_WARN_AT

/** Where tokens or time are scarce: another model saves none of them, and comes only where the wanted one fits at no length. */
function shorterCalls(accounts: readonly BudgetAccount[], wanted: WantedCall): GrantedCall[] {
  const calls = cheaperCalls(accounts, wanted)
  const own = (call: GrantedCall): boolean => call.model === wanted.models[0].ref
  return [...calls.filter(own), ...calls.filter((call) => !own(call))]
}

/** The least harm first: a longer answer before a shorter one, since half an answer may be none, and of one length the cheapest model. */
function cheaperCalls(accounts: readonly BudgetAccount[], wanted: WantedCall): GrantedCall[] {
  const { maxOutputTokens: max, minOutputTokens: min } = wanted
  const lengths = [...new Set([max, Math.max(min, Math.ceil(max / 2)), min])].filter((length) => length <= max)
  return lengths.flatMap((length) =>
    wanted.models
      .map((model) => grant(accounts, wanted, model, length))
      .toSorted((a, b) => a.ask.costUsd - b.ask.costUsd),
  )
}

function savingsOf(wanted: GrantedCall, granted: GrantedCall): Saving[] {
  const savings: Saving[] = []
  if (granted.model !== wanted.model) savings.push({ what: 'model', from: wanted.model, to: granted.model })
  if (granted.maxOutputTokens !== wanted.maxOutputTokens)
    savings.push({ what: 'max_output_tokens', from: wanted.maxOutputTokens, to: granted.maxOutputTokens })
  return savings
}

/** The limit that is used up most; null where nothing is limited. A limit of 0 counts as used up. */
export function closestLimit(
  accounts: readonly BudgetAccount[],
  dimensions: readonly BudgetDimension[] = BUDGET_DIMENSIONS,
): Crossing | null {
  const all = accounts.flatMap((account) => dimensions.flatMap((dimension) => shareOf(account, dimension) ?? []))
  return all.toSorted((a, b) => b.share - a.share)[0] ?? null
}

function shareOf(account: BudgetAccount, dimension: BudgetDimension): Crossing | null {
  const limit = account.limits[dimension]
  if (limit === undefined) return null
  const settled = account.settled[dimension]
  const share = limit === 0 ? 1 : settled / limit
  return { level: account.level, dimension, limit, settled, reserved: account.reserved[dimension], share }
}

/** A sentence for events. Below the share from which on all is saved, what was wanted did not fit. */
export function describeCrossing({ level, dimension, limit, settled, reserved, share }: Crossing): string {
  const text = (amount: number): string => amountText(dimension, amount)
  if (share >= BUDGET_WARN_AT)
    return `${percentText(share)} of the ${level}'s budget of ${text(limit)} are spent (${text(settled)})`
  return `what was wanted may need more than is left of the ${level}'s budget of ${text(limit)} (${text(settled)} spent, ${text(reserved)} reserved)`
}

export const crossingOf = ({ asked: _asked, ...stop }: BudgetStop): Crossing => ({
  ...stop,
  share: stop.limit === 0 ? 1 : stop.settled / stop.limit,
})

/** Levels and dimensions that passed the warning line between two states of the same accounts. */
export function newWarnings(before: readonly BudgetAccount[], after: readonly BudgetAccount[]): Crossing[] {
  return after.flatMap((account, i) =>
    BUDGET_DIMENSIONS.flatMap((dimension) => {
      const was = before[i] && shareOf(before[i], dimension)
      const now = shareOf(account, dimension)
      return now && was && was.share < BUDGET_WARN_AT && now.share >= BUDGET_WARN_AT ? [now] : []
    }),
  )
}

/** Whether the smallest useful call fits a budget that nothing was spent of; the stop says what is missing. */
export function checkSmallestCall(accounts: readonly BudgetAccount[], wanted: WantedCall): BudgetStop | null {
  const smallest = cheaperCalls(accounts, { ...wanted, maxOutputTokens: wanted.minOutputTokens })
  const stops = smallest.map((call) => reserveAmounts(accounts, call.ask))
  if (stops.some((each) => each.ok)) return null
  const [first] = stops
  return first && !first.ok ? first.stop : null
}

/** What may still be asked for in a dimension, at the tightest level; Infinity where it has no limit. */
export const tightestRoom = (accounts: readonly BudgetAccount[], dimension: BudgetDimension): number =>
  accounts.reduce((room, account) => Math.min(room, roomOf(account, dimension)), Infinity)
