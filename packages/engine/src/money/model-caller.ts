import {
  refusalFailure,
  type CalledModel,
  type CallModel,
  type CallOptions,
  type CallRefusal,
  type ModelCall,
  type SettingsByPurpose,
} from '@flotilla/agents'
import type { Admission, CallUsed } from '@flotilla/db'
import {
  decideCall,
  decideStop,
  describeCallStop,
  describeCrossing,
  NO_SPEND,
  NO_USAGE,
  settleAmounts,
  type Amounts,
  type BudgetAccount,
  type BudgetStop,
  type CallDecision,
  type CallPurpose,
  type CrossingPolicy,
  type GrantedCall,
  type JsonObject,
  type Usage,
} from '@flotilla/domain'
import {
  callChain,
  countRequestTokens,
  DEFAULT_TIMEOUTS,
  gatePermit,
  isNotCalled,
  quotePrice,
  unreadBy,
  worstCaseUsd,
  type CallPermit,
  type ChainLink,
  type Circuits,
  type Hop,
  type ModelCallOptions,
  type ModelOutcome,
  type ModelRequest,
  type ModelTimeouts,
  type Price,
  type PriceTable,
  type RateGate,
  type Reservation,
  type RetryPolicy,
  type UnknownPriceRule,
} from '@flotilla/llm'
import type { CallMetrics } from '../engine-metrics.ts'
import { modelWork, type Trace, type TracedPlace } from '../trace.ts'
import { abortableSleep } from './abortable-sleep.ts'
import type { Purse } from './call-book.ts'
import { usedOf, withTry } from './call-usage.ts'

/** What every model call of a process goes through. */
export type CallerDeps = Readonly<{
  prices: PriceTable
  unknownPrice: UnknownPriceRule
  gate: RateGate
  circuits: Circuits
  /** Of tries of one call, before its task is tried again. */
  callRetry: RetryPolicy
  /** Of every call, where it brings none of its own. */
  callTimeouts?: Partial<ModelTimeouts>
  /** Of calls that no agent makes, by what they are for. */
  callSettings?: SettingsByPurpose
  metrics?: CallMetrics | undefined
  trace?: Trace | undefined
  now: () => Date
  /** In [0, 1). */
  random: () => number
}>

/** Models that may answer, the chosen one first; `savers` may stand in where a budget asks to save. */
export type CallChain = Readonly<{
  links: readonly [ChainLink, ...ChainLink[]]
  savers: readonly ChainLink[]
}>

export type CallerInput = CallChain &
  Readonly<{
    purse: Purse
    purpose: CallPurpose
    /** Of calls that belong to a run. */
    traced?: TracedPlace
    workspaceId: number
    policy: CrossingPolicy
    /** Before the first call; each admission brings them anew. */
    accounts: readonly BudgetAccount[]
    /** After each call, as the next one is decided by. */
    onAccounts?: (accounts: readonly BudgetAccount[]) => void
    /** That its task was told to wait before, and where. */
    booking?: Readonly<{ laneId: string; until: number }> | undefined
    /** How often in a row it has waited. */
    waited: number
    /** Why no call may begin any more, asked again when it is admitted. */
    stopped: () => string | null
    /** The record has refused: the claim is lost, or its run paused or ended. */
    onRefused: (status: StopStatus) => void
    onHop?: (hop: Hop) => void
  }>

export type StopStatus = Exclude<Admission['status'], 'admitted' | 'budget' | 'out_of_time'>

/** A lane that opens sooner is waited for; otherwise the next model of the chain is asked. */
const MOVE_ON_AFTER_MS = 5_000
/** An answer of fewer tokens than this share of what was wanted, and than this many, is of no use. */
const SHORTEST_SHARE = 8
const SHORTEST_TOKENS = 256
/** Decisions on accounts that others have moved meanwhile. */
const MAX_DECISIONS = 4
const ROOM_WAIT_MS = 500
const MAX_ROOM_WAIT_MS = 8_000
/** A provider that refuses this often in a row has more than a busy minute. */
const MAX_REFUSED_WAITS = 40

/**
 * Model calls of one claim: decided by its budgets, admitted by the record and the rate gate, made by the first model of the
 * chain that answers, and paid. One round trip to the record for each try, which the payments of those before it go with.
 */
export function createModelCaller(deps: CallerDeps, input: CallerInput): CallModel {
  let accounts = input.accounts
  let told = ''
  return async (asked, options) => {
    const call = { ...deps.callSettings?.[input.purpose], ...asked }
    const walk: Walk = { deps, input, usage: NO_USAGE, asked: input.links[0].ref, refusal: null, full: null, accounts }
    for (let n = 1; ; n++) {
      const decision = decide(walk, call)
      if ('failure' in decision) return finished(walk, { ok: false, failure: decision.failure })
      if (decision.kind !== 'call') return refused(walk, stopRefusal(walk, decision))
      const saved = JSON.stringify(decision.savings)
      const event = saved === '[]' || saved === told ? null : savedEvent(decision)
      walk.full = null
      const outcome = await make(walk, call, options, decision.call, event)
      accounts = walk.accounts
      input.onAccounts?.(accounts)
      if (event !== null && walk.full === null) told = saved
      if (walk.refusal !== null) return refused(walk, walk.refusal)
      if (walk.full === null) return finished(walk, outcome)
      // A model that failed is not asked again for the sake of a cheaper one that stands in for it.
      if (n >= MAX_DECISIONS || walk.usage.modelCalls > 0) return refused(walk, fullRefusal(walk, walk.full))
    }
  }
}

/** One call on its way. `full`: what the record has refused the last try for. */
type Walk = {
  readonly deps: CallerDeps
  readonly input: CallerInput
  usage: Usage
  asked: string
  refusal: CallRefusal | null
  full: BudgetStop | null
  accounts: readonly BudgetAccount[]
}

function decide({ deps, input, accounts }: Walk, call: ModelCall): CallDecision | NoPrice {
  const first = firstReader(input, call)
  const chosen = quotePrice(deps.prices, first.ref, deps.unknownPrice)
  if (!chosen.ok) return { failure: chosen.failure }
  const rest = input.savers.filter((link) => link.ref !== first.ref && reads(link, call))
  const allowed = ({ ref }: ChainLink, price: Price) => ({
    ref,
    priceUsd: (prompt: number, output: number) => worstCaseUsd(price, prompt, output),
  })
  return decideCall(input.policy, accounts, {
    promptTokens: accounts.length === 0 ? 0 : countRequestTokens({ ...call, model: first.model }),
    maxOutputTokens: call.maxOutputTokens,
    minOutputTokens: Math.min(
      call.maxOutputTokens,
      Math.max(SHORTEST_TOKENS, Math.ceil(call.maxOutputTokens / SHORTEST_SHARE)),
    ),
    models: [
      allowed(first, chosen.price),
      ...rest.flatMap((link) => {
        const quote = quotePrice(deps.prices, link.ref, deps.unknownPrice)
        return quote.ok ? [allowed(link, quote.price)] : []
      }),
    ],
    timeoutSeconds: { ...DEFAULT_TIMEOUTS, ...deps.callTimeouts, ...call.timeouts }.totalMs / 1_000,
  })
}

const reads = (link: ChainLink, call: ModelCall): boolean =>
  unreadBy(link.provider, { ...call, model: link.model }) === undefined

/** The model of choice, or the one that is asked in its place since it cannot read what the call shows. */
const firstReader = ({ links }: CallerInput, call: ModelCall): ChainLink =>
  links.find((link) => reads(link, call)) ?? links[0]

type NoPrice = Readonly<{ failure: Extract<ReturnType<typeof quotePrice>, { ok: false }>['failure'] }>

function savedEvent({ savings, crossing }: Extract<CallDecision, { kind: 'call' }>): JsonObject {
  return {
    reason: crossing === null ? 'the call would not fit as it was wanted' : describeCrossing(crossing),
    changed: savings.map((saving) => ({ ...saving })),
    ...(crossing && { budget: { ...crossing } }),
  }
}

/** Through the chain that begins with the model that was granted. */
function make(
  walk: Walk,
  call: ModelCall,
  options: CallOptions,
  granted: GrantedCall,
  event: JsonObject | null,
): Promise<ModelOutcome> {
  const { deps, input } = walk
  const now = (): number => deps.now().getTime()
  const all = [...input.links, ...input.savers]
  const first = all.find(({ ref }) => ref === granted.model) ?? input.links[0]
  const others = input.links.filter(({ ref }) => ref !== first.ref)
  const links = inOrder(first, others, call)
  const request = {
    ...call,
    model: first.model,
    maxOutputTokens: granted.maxOutputTokens,
    timeouts: { ...deps.callTimeouts, ...call.timeouts, totalMs: Math.ceil(granted.ask.seconds * 1_000) },
  }
  const reserve = reserver(walk, options, granted, event)
  return callChain(
    {
      permit: permitOf(walk, reserve),
      circuits: deps.circuits,
      retry: deps.callRetry,
      moveOnAfterMs: MOVE_ON_AFTER_MS,
      now,
      random: deps.random,
      sleep: abortableSleep,
      ...(input.onHop && { onHop: input.onHop }),
    },
    { links, request, options, ...(options.onRestart && { onRestart: options.onRestart }) },
  )
}

/** Models that cannot read what the call shows come first: they are passed over, and the record says why. */
function inOrder(first: ChainLink, others: readonly ChainLink[], call: ModelCall): [ChainLink, ...ChainLink[]] {
  const [before, after] = [others.filter((link) => !reads(link, call)), others.filter((link) => reads(link, call))]
  const [head = first, ...tail] = [...before, first, ...after]
  return [head, ...tail]
}

type Reserve = (link: ChainLink, request: ModelRequest, inputTokens: number) => Promise<Reservation>

/** A simulated model has no provider whose limits there would be to keep. */
function permitOf(
  { deps, input }: Walk,
  reserve: Reserve,
): (link: ChainLink, request: ModelRequest) => Promise<CallPermit> {
  const gated = gatePermit({
    gate: deps.gate,
    workspace: String(input.workspaceId),
    random: deps.random,
    reserve,
    ...(input.booking && { booking: input.booking }),
  })
  return async (link, request) => {
    if (!link.provider.simulated) return gated(link, request)
    const held = await reserve(link, request, countRequestTokens(request))
    return held.ok ? { is: 'granted', settle: held.settle } : { is: 'denied', failure: held.failure }
  }
}

/** Holds the worst case of each try in the record, which refuses what no longer may be made. */
function reserver(walk: Walk, { signal }: ModelCallOptions, granted: GrantedCall, event: JsonObject | null): Reserve {
  const { deps, input } = walk
  const { purse } = input
  let telling = event
  let asked: string | null = null
  return async (link, request, inputTokens) => {
    const quote = quotePrice(deps.prices, link.ref, deps.unknownPrice)
    if (!quote.ok) return { ok: false, failure: quote.failure }
    walk.asked = link.ref
    const most: Amounts = {
      tokens: inputTokens + request.maxOutputTokens,
      costUsd: worstCaseUsd(quote.price, inputTokens, request.maxOutputTokens),
      toolCalls: 0,
      seconds: granted.ask.seconds,
    }
    const { purpose } = input
    const ask = { kind: 'model', name: link.ref, purpose, most, ...(telling && { told: telling }) } as const
    const { key, admission } = await purse.reserve(ask)
    /** The record hears of it with the next write; the next decision is made before that. */
    const end = async (used: CallUsed): Promise<void> => {
      walk.accounts = settleAmounts(walk.accounts, most, used ?? NO_SPEND).accounts
      await purse.end(key, used)
    }
    const refusal = admissionRefusal(walk, admission)
    if (refusal !== null) return { ok: false, failure: refusalFailure(refusal, 0) }
    telling = null
    if (asked !== null) deps.metrics?.retried(asked === link.ref ? 'model_call' : 'model_fallback')
    asked = link.ref
    // The record was asked over the network, and no call begins after a stop.
    const why = signal.aborted ? 'the call was called off' : input.stopped()
    if (why !== null) {
      await end(null)
      walk.refusal = { kind: 'stopped', why }
      return { ok: false, failure: refusalFailure(walk.refusal, 0) }
    }
    const beganAt = deps.now().getTime()
    const settle = async (outcome: ModelOutcome): Promise<void> => {
      if (isNotCalled(outcome)) return end(null)
      const endMs = deps.now().getTime()
      const used = usedOf(quote.price, outcome, endMs - beganAt)
      tellCall(walk, { link, outcome, used, startMs: beganAt, endMs })
      walk.usage = withTry(walk.usage, used)
      await end(used)
    }
    return { ok: true, settle }
  }
}

type EndedModelCall = Omit<Parameters<typeof modelWork>[0], 'place'>

function tellCall({ deps, input }: Walk, call: EndedModelCall): void {
  const { link, outcome, used, startMs, endMs } = call
  deps.metrics?.modelCalled({
    model: link.ref,
    outcome: outcome.ok ? 'ok' : outcome.failure.code,
    seconds: (endMs - startMs) / 1_000,
    used,
  })
  if (input.traced) deps.trace?.(modelWork({ ...call, place: input.traced }))
}

/** What an admission says, for the walk; null where the call may be made. */
function admissionRefusal(walk: Walk, admission: Admission): CallRefusal | null {
  switch (admission.status) {
    case 'admitted':
      walk.accounts = admission.accounts
      return null
    case 'budget':
      walk.accounts = admission.accounts
      walk.full = admission.stop
      return { kind: 'exceeded', policy: 'fail', stop: admission.stop, reason: 'the budget has no room' }
    case 'out_of_time':
      walk.refusal = outOfTime(walk)
      return walk.refusal
    default:
      if (admission.status === 'fence_lost') walk.deps.metrics?.fenced()
      walk.refusal = { kind: 'stopped', why: STOPPED[admission.status] }
      walk.input.onRefused(admission.status)
      return walk.refusal
  }
}

const STOPPED: Readonly<Record<StopStatus, string>> = {
  paused: 'the run is paused',
  cancelled: 'the run is cancelled',
  ended: 'the run has ended',
  fence_lost: 'this claim is lost to another',
  settled: 'this call was made before',
  closed: 'this call was given up before',
}

/** A run that is to pause is paused by the watch over deadlines, which knows its time; a moment later its task asks again. */
function outOfTime(walk: Walk): CallRefusal {
  walk.deps.metrics?.budgetRefused('run', 'seconds')
  return walk.input.policy === 'pause'
    ? roomRefusal(walk, 'the run has no time left')
    : { kind: 'exceeded', policy: 'fail', stop: null, reason: 'the run ran out of time' }
}

function stopRefusal(walk: Walk, decision: Exclude<CallDecision, { kind: 'call' }>): CallRefusal {
  const { kind, stop, reason } = decision
  walk.deps.metrics?.budgetRefused(stop.level, stop.dimension)
  return kind === 'wait' ? roomRefusal(walk, reason) : { kind: 'exceeded', policy: kind, stop, reason }
}

function fullRefusal(walk: Walk, stop: BudgetStop): CallRefusal {
  walk.deps.metrics?.budgetRefused(stop.level, stop.dimension)
  const [kind, reason] = [decideStop(walk.input.policy, stop), describeCallStop(stop)]
  return kind === 'wait' ? roomRefusal(walk, reason) : { kind: 'exceeded', policy: kind, stop, reason }
}

/** Until other calls have ended; longer each time, and not all at once. */
function roomRefusal({ deps, input }: Walk, why: string): CallRefusal {
  return {
    kind: 'wait',
    cause: 'room',
    until: deps.now().getTime() + roomWaitMs(input.waited, deps.random()),
    laneId: null,
    why,
  }
}

export const roomWaitMs = (waited: number, random: number): number =>
  Math.ceil(Math.min(MAX_ROOM_WAIT_MS, ROOM_WAIT_MS * 2 ** Math.min(waited, 10)) * (0.75 + random / 2))

function refused(walk: Walk, refusal: CallRefusal): CalledModel {
  if (refusal.kind === 'wait') walk.deps.metrics?.gateWaited(refusal.cause)
  const failure = refusalFailure(refusal, walk.deps.now().getTime())
  return { outcome: { ok: false, failure }, modelRef: walk.asked, usage: walk.usage, refusal }
}

/** A lane that is closed, or was closed by this very call, is waited for: that is no failure of the task. */
function finished(walk: Walk, outcome: ModelOutcome): CalledModel {
  const { usage, deps, input } = walk
  if (outcome.ok) return { outcome, modelRef: outcome.reply.ref ?? walk.asked, usage, refusal: null }
  const { failure, wait } = outcome
  if (wait) return refused(walk, { kind: 'wait', cause: 'lane', ...wait, why: failure.message })
  if (failure.code === 'model_rate_limited' && input.waited < MAX_REFUSED_WAITS) {
    const until = deps.now().getTime() + (failure.retryAfterMs ?? roomWaitMs(input.waited, deps.random()))
    return refused(walk, { kind: 'wait', cause: 'lane', until, laneId: null, why: failure.message })
  }
  return { outcome, modelRef: walk.asked, usage, refusal: null }
}
