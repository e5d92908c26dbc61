import type { EngineMetrics, GateCause, MeasuredStep, RetryKind, WorkerEngine } from '@flotilla/engine'
import { ATTEMPT_KINDS } from '@flotilla/domain'
import { addGaugeBy, createProcessMetrics, type PoolCounts } from '@flotilla/runtime/metrics'
import { Counter, Histogram, type Registry } from '@prometheus-io/client'
import { callMetrics } from './call-metrics.ts'
import { VERSION } from './version.ts'

export type WorkerMetrics = Readonly<{
  /** What the engine is given to tell. */
  engine: EngineMetrics
  /** Slots and wake-ups are read of it when they are scraped. */
  watch(engine: Pick<WorkerEngine, 'slots' | 'wakeUps'>): void
  /** Prometheus text. */
  text(): Promise<string>
  contentType: string
  close(): void
}>

export type WorkerMetricsOptions = Readonly<{
  pools: readonly PoolCounts[]
  /** A model's name as a label, of which there are only so many. */
  modelLabel: (ref: string) => string
}>

const VERBS = ['complete', 'fail', 'retry', 'verify', 'revise', 'release', 'await', 'drop']
const RETRIES: readonly RetryKind[] = ['task', 'judge', 'plan', 'model_call', 'model_fallback']
const CAUSES: readonly GateCause[] = ['lane', 'room', 'limit']

/** What a worker tells Prometheus: of itself, and of the work that it does. */
export function createWorkerMetrics(options: WorkerMetricsOptions): WorkerMetrics {
  const { registry, close } = createProcessMetrics({ version: VERSION, pools: options.pools })
  const steps = stepMetrics(registry)
  const calls = callMetrics(registry, options.modelLabel)
  return {
    engine: { ...steps, ...calls },
    watch: (engine) => watchEngine(registry, engine),
    text: () => registry.metrics(),
    contentType: registry.contentType,
    close,
  }
}

type Told = Readonly<{ name: string; help: string }>

const counter = (registry: Registry, told: Told): Counter => new Counter({ ...told, registers: [registry] })

/** With each value that is known beforehand at 0, so that its first increase is one. */
function counterBy(
  registry: Registry,
  told: Told,
  label: string,
  values: readonly string[],
): (value: string, n?: number) => void {
  const counted = new Counter({ ...told, labelNames: [label], registers: [registry] })
  for (const value of values) counted.inc({ [label]: value }, 0)
  return (value, n = 1) => counted.inc({ [label]: value }, n)
}

type StepMetrics = Pick<EngineMetrics, 'stepped' | 'recovered' | 'fenced' | 'retried' | 'gateWaited'>

function stepMetrics(registry: Registry): StepMetrics {
  const claims = counter(registry, { name: 'flotilla_claims_total', help: 'Tasks claimed, by agents and judges.' })
  const fenced = counter(registry, {
    name: 'flotilla_fenced_writes_total',
    help: 'Writes that were refused since their claim was lost, or its run had ended.',
  })
  const recoveries = counter(registry, {
    name: 'flotilla_recoveries_total',
    help: 'Claims taken from workers that were lost (workers with the role maintenance).',
  })
  const settled = counterBy(
    registry,
    { name: 'flotilla_settlements_total', help: 'Settlements of claims, by verb.' },
    'verb',
    VERBS,
  )
  const attempts = counterBy(
    registry,
    { name: 'flotilla_attempts_total', help: 'Attempts begun, by kind.' },
    'kind',
    ATTEMPT_KINDS,
  )
  const retried = counterBy(
    registry,
    { name: 'flotilla_retries_total', help: 'What is tried again after a failure, by what it is.' },
    'kind',
    RETRIES,
  )
  const gateWaited = counterBy(
    registry,
    {
      name: 'flotilla_gate_waits_total',
      help: 'Work that had to wait for a lane, for room in a budget or for a limit of its role.',
    },
    'cause',
    CAUSES,
  )
  const measured = stepHistograms(registry)
  return {
    stepped: (step) => {
      measured(step)
      if (step.claimed > 0) claims.inc(step.claimed)
      if (step.fenced > 0) fenced.inc(step.fenced)
      for (const verb of step.settled) settled(verb)
      for (const kind of step.attempts) attempts(kind)
    },
    recovered: (tasks) => recoveries.inc(tasks),
    fenced: () => fenced.inc(),
    retried,
    gateWaited,
  }
}

function stepHistograms(registry: Registry): (step: MeasuredStep) => void {
  const size = new Histogram({
    name: 'flotilla_step_batch_size',
    help: 'Settlements and claims in one commit.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 200],
    registers: [registry],
  })
  const duration = new Histogram({
    name: 'flotilla_step_duration_seconds',
    help: 'Time of one commit of settlements and claims.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  })
  return (step) => {
    size.observe(step.size)
    duration.observe(step.seconds)
  }
}

function watchEngine(registry: Registry, engine: Pick<WorkerEngine, 'slots' | 'wakeUps'>): void {
  addGaugeBy(registry, {
    name: 'flotilla_slots',
    help: 'Places for tasks of this worker.',
    label: 'state',
    read: () => ({ ...engine.slots }),
  })
  let worked = 0
  const wakeUps = new Counter({
    name: 'flotilla_wakeups_total',
    help: 'Wake-ups of tasks and runs, by what they came to: work, nothing to do, or back to the queue for want of a place.',
    labelNames: ['result'],
    registers: [],
    collect() {
      const { tasks, runs } = engine.wakeUps()
      const [delivered, nothing] = [tasks.delivered + runs.delivered, tasks.nothing + runs.nothing]
      this.reset()
      this.inc({ result: 'nothing' }, nothing)
      this.inc({ result: 'returned' }, tasks.returned)
      // What is under way counts as work until it has come to nothing; a counter that fell would be taken for a new process.
      worked = Math.max(worked, delivered - nothing - tasks.returned)
      this.inc({ result: 'work' }, worked)
    },
  })
  registry.registerMetric(wakeUps)
}
