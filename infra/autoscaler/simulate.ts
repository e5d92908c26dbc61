import { decide, newMemory, type AutoscalerSettings } from './autoscaler.ts'
import { Fleet, type FleetSettings, type Losses, type Task, type Weather } from './fleet.ts'

/** A load, by the second. */
export interface Trace {
  readonly name: string
  readonly title: string
  readonly seconds: number
  readonly arrivals: (now: number) => Task[]
  readonly weather?: (now: number) => Weather
  /** Whether the scaling endpoint answers. */
  readonly answers?: (now: number) => boolean
}

export interface Sample {
  readonly at: number
  readonly value: number
  readonly replicas: number
  readonly draining: number
}

export interface Outcome {
  readonly samples: readonly Sample[]
  readonly losses: Losses
  readonly submitted: number
  readonly completedOnce: number
  /** How often the number of pods turned from growing to shrinking, or back. */
  readonly turns: number
  readonly mostReplicas: number
  readonly lastReplicas: number
}

const SAMPLE_SECONDS = 15
const FAIR: Weather = { laneOpen: true, paused: false }

export function simulate(trace: Trace, scaler: AutoscalerSettings, settings: FleetSettings): Outcome {
  const fleet = new Fleet(settings, scaler.min)
  const tasks: Task[] = []
  const samples: Sample[] = []
  let memory = newMemory()
  let replicas = scaler.min
  for (let now = 0; now < trace.seconds; now++) {
    const arrived = trace.arrivals(now)
    for (const task of arrived) tasks.push(task)
    fleet.submit(arrived)
    fleet.step(now, trace.weather?.(now) ?? FAIR)
    const value = (trace.answers?.(now) ?? true) ? fleet.value : null
    const decision = decide(scaler, memory, { now, replicas, value })
    memory = decision.memory
    if (decision.replicas !== replicas) fleet.scale(decision.replicas, now)
    replicas = decision.replicas
    if (now % SAMPLE_SECONDS === 0) samples.push({ at: now, value: fleet.value, replicas, draining: fleet.draining })
  }
  return {
    samples,
    losses: fleet.losses,
    submitted: tasks.length,
    completedOnce: tasks.filter(({ completions }) => completions === 1).length,
    turns: turnsOf(samples),
    mostReplicas: Math.max(...samples.map((sample) => sample.replicas)),
    lastReplicas: replicas,
  }
}

function turnsOf(samples: readonly Sample[]): number {
  const steps = samples
    .map((sample, i) => Math.sign(sample.replicas - (samples[i - 1] ?? sample).replicas))
    .filter((step) => step !== 0)
  return steps.filter((step, i) => i > 0 && step !== steps[i - 1]).length
}
