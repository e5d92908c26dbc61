import type { Failure } from '@flotilla/domain'
import { laneId, type Lane } from '../gate/gate-state.ts'
import { showsMedia, unreadBy } from '../media.ts'
import type { Hop, ModelCallOptions, ModelFailure, ModelOutcome, ModelProvider, ModelRequest } from '../port.ts'
import type { Circuits } from './circuit.ts'
import { courseOf } from './failure-course.ts'
import { isNotCalled } from './gate-permit.ts'
import { decideRetry, type RetryPolicy } from './retry.ts'

/** A model that may be asked, in order of preference. */
export type ChainLink = Readonly<{
  provider: ModelProvider
  /** The provider's own name of the model. */
  model: string
  /** As the record names it. */
  ref: string
  lane: Lane
}>

/** Leave to make one call, or why not: the budget's and the rate gate's word. */
export type CallPermit =
  /** `settle` is told the end of the call, exactly once, whatever it was. `closedUntil`: that the lane has closed since. */
  | Readonly<{ is: 'granted'; settle: (outcome: ModelOutcome) => Promise<void>; closedUntil?: () => number | null }>
  /** The lane is closed until then. */
  | Readonly<{ is: 'wait'; until: number; why: string }>
  /** No call of any model may be made for this request. */
  | Readonly<{ is: 'denied'; failure: Failure }>

export type ChainDeps = Readonly<{
  permit: (link: ChainLink, request: ModelRequest) => Promise<CallPermit>
  circuits: Circuits
  retry: RetryPolicy
  /** A lane that opens sooner is waited for, without a call; otherwise the next model is asked. */
  moveOnAfterMs: number
  /** Milliseconds since the epoch. */
  now: () => number
  /** In [0, 1). */
  random: () => number
  /** Resolves early when the signal fires. */
  sleep: (ms: number, signal: AbortSignal) => Promise<void>
  onHop?: (hop: Hop) => void
}>

export type ChainCall = Readonly<{
  /** At least one. The first is the model that was chosen. */
  links: readonly [ChainLink, ...ChainLink[]]
  /** Its `model` is replaced by each link's own. */
  request: ModelRequest
  options: ModelCallOptions
  /**
   * All text that was streamed so far is void. Without it nothing is tried again, on any model, once a piece of an
   * answer was streamed.
   */
  onRestart?: () => void
}>

/**
 * Calls the first model of a chain that answers: retries on its lane, passes over closed lanes and open circuits, moves
 * on from failures that another model may not have, and from models that cannot read what the request shows. `hops` of
 * the outcome tells what did not answer and why. Where all lanes are closed for a while, nothing is called and the outcome
 * says until when. Rejects only for bugs.
 */
export async function callChain(deps: ChainDeps, call: ChainCall): Promise<ModelOutcome> {
  const walk: Walk = { deps, call, hops: [], shown: false, waits: [] }
  let last: ModelFailure | undefined
  let unread: ModelFailure | undefined
  for (const link of call.links) {
    const what = unreadBy(link.provider, { ...call.request, model: link.model })
    if (what !== undefined) {
      unread = cannotRead(walk, link, what)
      continue
    }
    const step = await tryLink(walk, link)
    if (step.is === 'done') return withHops(step.outcome, walk.hops)
    if (step.is === 'failed') last = step.outcome
    if (walk.shown && call.onRestart === undefined) break
  }
  if (last === undefined && unread !== undefined && walk.waits.length === 0) return withHops(unread, walk.hops)
  return withHops(last ?? waiting(walk), walk.hops)
}

/** Known before the call, so that nothing is held or spent for it. */
function cannotRead(walk: Walk, { ref }: ChainLink, what: string): ModelFailure {
  const message = `${ref} was not called: it reads no ${what}, and the request has some. Choose a model that reads them (FLOTILLA_MODEL, or the agent's model or allowedModels), or leave them out`
  addHop(walk, { ref, is: 'passed_over', code: 'model_bad_request', message, at: walk.deps.now() })
  return { ok: false, failure: { code: 'model_bad_request', message } }
}

type Wait = NonNullable<ModelFailure['wait']>

type Walk = {
  readonly deps: ChainDeps
  readonly call: ChainCall
  readonly hops: Hop[]
  /** Text that was streamed and not called void. */
  shown: boolean
  /** The models that were not called, when they can be, and what is in their way. */
  readonly waits: (Wait & Readonly<{ ref: string; why: string }>)[]
}

type LinkStep =
  | Readonly<{ is: 'done'; outcome: ModelOutcome }>
  | Readonly<{ is: 'failed'; outcome: ModelFailure }>
  | Readonly<{ is: 'passed_over' }>

async function tryLink(walk: Walk, link: ChainLink): Promise<LinkStep> {
  const { deps, call } = walk
  let failed: ModelFailure | undefined
  for (let retried = 0; ; retried++) {
    const called = await callOnce(walk, link)
    // A lane that closed between two tries: the first one's failure stands.
    if (called.is === 'passed_over' && failed) return { is: 'failed', outcome: failed }
    if (called.is !== 'called') return called
    const { of } = called
    if (of.ok) return { is: 'done', outcome: { ...of, reply: { ...of.reply, ref: link.ref } } }
    if (call.options.signal.aborted) return { is: 'done', outcome: of }
    failed = of
    const decision = decideRetry(deps.retry, { failure: of.failure, retried, shown: isStuck(walk) }, deps.random())
    if (!decision.retry && (!mayMoveOn(call, of) || isStuck(walk))) return { is: 'done', outcome: of }
    note(walk, link, of)
    if (!decision.retry) return { is: 'failed', outcome: of }
    await deps.sleep(decision.waitMs, call.options.signal)
  }
}

/** Which images and PDFs it takes, and of what size, each provider knows for itself: what one refuses, another may take. */
const mayMoveOn = ({ request }: ChainCall, { failure: { code } }: ModelFailure): boolean =>
  courseOf(code).moveOn || (code === 'model_bad_request' && showsMedia(request))

const isStuck = (walk: Walk): boolean => walk.shown && walk.call.onRestart === undefined

type Called = LinkStep | Readonly<{ is: 'called'; of: ModelOutcome }>

/** One call with its permit; what the lane showed of itself goes to its circuit. */
async function callOnce(walk: Walk, link: ChainLink): Promise<Called> {
  const { deps, call } = walk
  const request = { ...call.request, model: link.model }
  const tell = (result: 'alive' | 'strike' | 'nothing', why: string): void => {
    deps.circuits.decide(laneId(link.lane), { kind: 'result', result, why, random: deps.random() })
  }
  const circuit = deps.circuits.decide(laneId(link.lane), { kind: 'ask' })
  if (circuit.is === 'open')
    return passOver(walk, link, { until: circuit.until, why: `its circuit is open: ${circuit.why}`, circuit: true })
  const permit = await deps.permit(link, request)
  if (permit.is !== 'granted') tell('nothing', '')
  if (permit.is === 'denied') return { is: 'done', outcome: { ok: false, failure: permit.failure } }
  if (permit.is === 'wait') return closed(walk, link, permit)
  if (walk.shown) {
    walk.shown = false
    call.onRestart?.()
  }
  const instead = (): ModelFailure | null => notCalled(link, permit.closedUntil?.() ?? null)
  const work = async (): Promise<ModelOutcome> =>
    instead() ?? (await link.provider.call(request, { ...watching(walk), instead }))
  const of = await settled(permit, work)
  if (isNotCalled(of)) {
    tell('nothing', '')
    return closed(walk, link, { until: of.wait.until, why: of.failure.message })
  }
  if (of.ok) tell('alive', '')
  else tell(courseOf(of.failure.code).lane, of.failure.message)
  return { is: 'called', of }
}

function notCalled({ ref, lane }: ChainLink, until: number | null): ModelFailure | null {
  if (until === null) return null
  const message = `${ref} was not called: its lane closed before the call went out`
  return { ok: false, failure: { code: 'model_rate_limited', message }, wait: { laneId: laneId(lane), until } }
}

/** A permit is settled even when the call is a bug: as a call that has cost nothing that is known. */
async function settled(
  permit: Extract<CallPermit, { is: 'granted' }>,
  work: () => Promise<ModelOutcome>,
): Promise<ModelOutcome> {
  let outcome: ModelOutcome = { ok: false, failure: { code: 'internal', message: 'the call ended in a bug' } }
  try {
    outcome = await work()
    return outcome
  } finally {
    await permit.settle(outcome)
  }
}

function watching(walk: Walk): ModelCallOptions {
  const { signal, onText } = walk.call.options
  if (onText === undefined) return { signal }
  return {
    signal,
    onText: (delta) => {
      walk.shown = true
      onText(delta)
    },
  }
}

/** A short closing of the first lane is waited for: another model is a worse answer than a later one. */
function closed(walk: Walk, link: ChainLink, { until, why }: { until: number; why: string }): LinkStep {
  const isFirst = link === walk.call.links[0] && walk.hops.length === 0
  if (isFirst && until - walk.deps.now() <= walk.deps.moveOnAfterMs) {
    walk.waits.push({ laneId: laneId(link.lane), until, ref: link.ref, why })
    return { is: 'done', outcome: waiting(walk) }
  }
  return passOver(walk, link, { until, why })
}

function passOver(walk: Walk, link: ChainLink, stop: { until: number; why: string; circuit?: true }): LinkStep {
  walk.waits.push({ laneId: laneId(link.lane), ref: link.ref, ...stop })
  const message = `${link.ref} was not called: ${stop.why}`
  addHop(walk, { ref: link.ref, is: 'passed_over', code: 'model_rate_limited', message, at: walk.deps.now() })
  return { is: 'passed_over' }
}

function note(walk: Walk, link: ChainLink, { failure, usage, usageEstimated }: ModelFailure): void {
  const { code, message } = failure
  const spent = { ...(usage && { usage }), ...(usageEstimated && { usageEstimated }) }
  addHop(walk, { ref: link.ref, is: 'failed', code, message, at: walk.deps.now(), ...spent })
}

function addHop(walk: Walk, hop: Hop): void {
  walk.hops.push(hop)
  walk.deps.onHop?.(hop)
}

/** By the lane that opens first. */
function waiting(walk: Walk): ModelFailure {
  const next = walk.waits.reduce((first, other) => (other.until < first.until ? other : first))
  const { laneId: lane, until, circuit } = next
  const retryAfterMs = Math.max(0, until - walk.deps.now())
  const reasons = walk.waits.map(({ ref, why }) => `${ref} (${why})`)
  const message = `no call was made before ${atSecond(until)}: ${[...new Set(reasons)].join(', ')}`
  return {
    ok: false,
    failure: { code: 'model_rate_limited', message, retryAfterMs },
    wait: { laneId: lane, until, ...(circuit && { circuit }) },
  }
}

/** A time, and not how long from now: the text is kept, and read later. */
const atSecond = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)} UTC`

const withHops = (outcome: ModelOutcome, hops: readonly Hop[]): ModelOutcome =>
  hops.length === 0 ? outcome : { ...outcome, hops }
