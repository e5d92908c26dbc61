import { refusalFailure, type CallModel, type CallOptions, type ModelCall } from '@flotilla/agents'
import type { CallUsed } from '@flotilla/db'
import {
  decideCall,
  describeCrossing,
  NO_SPEND,
  NO_USAGE,
  settleAmounts,
  type Amounts,
  type CallDecision,
  type GrantedCall,
  type JsonObject,
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
  type ModelCallOptions,
  type ModelOutcome,
  type ModelRequest,
  type Price,
  type Reservation,
} from '@flotilla/llm'
import { modelWork } from '../trace.ts'
import { abortableSleep } from './abortable-sleep.ts'
import { usedOf, withTry } from './call-usage.ts'
import { admissionRefusal, finished, fullRefusal, refused, stopRefusal } from './call-refusals.ts'
import type { CallerDeps, CallerInput, Walk } from './call-walk.ts'

/** A lane that opens sooner is waited for; otherwise the next model of the chain is asked. */
const MOVE_ON_AFTER_MS = 5_000
/** An answer of fewer tokens than this share of what was wanted, and than this many, is of no use. */
const SHORTEST_SHARE = 8
const SHORTEST_TOKENS = 256
export const shortestOutput = (maxOutputTokens: number): number =>
  Math.min(maxOutputTokens, Math.max(SHORTEST_TOKENS, Math.ceil(maxOutputTokens / SHORTEST_SHARE)))
/** Decisions on accounts that others have moved meanwhile. */
const MAX_DECISIONS = 4

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
    minOutputTokens: shortestOutput(call.maxOutputTokens),
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
