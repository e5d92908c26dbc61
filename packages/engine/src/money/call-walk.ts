import type { CallRefusal, SettingsByPurpose } from '@flotilla/agents'
import type { Admission } from '@flotilla/db'
import type { BudgetAccount, BudgetStop, CallPurpose, CrossingPolicy, Usage } from '@flotilla/domain'
import type {
  ChainLink,
  Circuits,
  Hop,
  ModelTimeouts,
  PriceTable,
  RateGate,
  RetryPolicy,
  UnknownPriceRule,
} from '@flotilla/llm'
import type { CallMetrics } from '../engine-metrics.ts'
import type { Trace, TracedPlace } from '../trace.ts'
import type { Purse } from './call-book.ts'

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

/** One call on its way. `full`: what the record has refused the last try for. */
export type Walk = {
  readonly deps: CallerDeps
  readonly input: CallerInput
  usage: Usage
  asked: string
  refusal: CallRefusal | null
  full: BudgetStop | null
  accounts: readonly BudgetAccount[]
}
