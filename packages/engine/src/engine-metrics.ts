import type { CallUsed, StepInput, StepResult, Verb } from '@flotilla/db'
import type { AttemptKind, BudgetDimension, BudgetLevel, ErrorCode } from '@flotilla/domain'

/** What is tried again: a task's attempt, a judge's look, a run's planning, a model call as it was, or by another model. */
export type RetryKind = 'task' | 'judge' | 'plan' | 'model_call' | 'model_fallback'

/** What work waits for that could be done otherwise: a lane, room in a budget, or a fleet-wide limit of its role. */
export type GateCause = 'lane' | 'room' | 'limit'

/** A model call that reached its provider. */
export type MeasuredCall = Readonly<{ model: string; outcome: 'ok' | ErrorCode; seconds: number; used: CallUsed }>

/** One commit. `fenced`: settlements that came too late to take effect. */
export type MeasuredStep = Readonly<{
  /** Settlements and claims that were asked for. */
  size: number
  seconds: number
  claimed: number
  /** Attempts that begin, by kind; judges begin none. */
  attempts: readonly AttemptKind[]
  settled: readonly Verb[]
  fenced: number
}>

/** What a process's engine tells of itself while it works, for whoever counts. Called on hot paths; never throws. */
export type EngineMetrics = Readonly<{
  stepped(step: MeasuredStep): void
  /** Tasks whose worker was lost. */
  recovered(tasks: number): void
  /** A write beside the step was refused for its fence. */
  fenced(): void
  retried(kind: RetryKind, times?: number): void
  gateWaited(cause: GateCause, times?: number): void
  modelCalled(call: MeasuredCall): void
  budgetRefused(level: BudgetLevel, dimension: BudgetDimension): void
}>

/** What model calls tell, in whatever process they are made. */
export type CallMetrics = Pick<EngineMetrics, 'modelCalled' | 'budgetRefused' | 'gateWaited' | 'retried' | 'fenced'>

/** The same step, told of; without anyone to tell, the step itself. */
export function measureStep(
  metrics: EngineMetrics | undefined,
  step: (input: StepInput) => Promise<StepResult>,
): (input: StepInput) => Promise<StepResult> {
  if (metrics === undefined) return step
  return async (input) => {
    const startedAt = performance.now()
    const result = await step(input)
    tellStep(metrics, input, result, (performance.now() - startedAt) / 1_000)
    return result
  }
}

function tellStep(metrics: EngineMetrics, input: StepInput, result: StepResult, seconds: number): void {
  const settled = result.settled.flatMap((n) => input.settlements[n] ?? [])
  metrics.stepped({
    size: input.settlements.length + input.claims.length,
    seconds,
    claimed: result.claimed.length,
    attempts: result.claimed.flatMap(({ judge, kind }) => (judge ? [] : [kind])),
    settled: settled.map(({ verb }) => verb),
    fenced: input.settlements.length - settled.length,
  })
  const retries = settled.filter(({ verb }) => verb === 'retry')
  const judges = retries.filter(({ judged }) => judged).length
  if (judges > 0) metrics.retried('judge', judges)
  if (retries.length > judges) metrics.retried('task', retries.length - judges)
  if (result.wait.length > 0) metrics.gateWaited('limit', result.wait.length)
}
