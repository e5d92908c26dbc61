export interface FleetSettings {
  /** Tasks at a time in one pod. */
  readonly concurrency: number
  /** From a pod's creation until it serves. */
  readonly startSeconds: number
  readonly drainSeconds: number
  readonly graceSeconds: number
  readonly leaseSeconds: number
}

/** A task is a chain of model calls; a pod that drains ends the one under way and hands the rest back. */
export interface Task {
  readonly calls: readonly number[]
  /** Calls whose answer is on record. */
  recorded: number
  completions: number
  /** Since when it has been ready again after a pod that drained gave it back. */
  handedBackAt: number | null
  /** Belongs to work that is paused for a while. */
  readonly pausable: boolean
}

interface Pod {
  readonly servesAt: number
  stoppedAt: number | null
  readonly calls: Set<Call>
}

interface Call {
  readonly task: Task
  readonly pod: Pod
  over: boolean
}

/** Whether calls may begin in a second. */
export interface Weather {
  readonly laneOpen: boolean
  readonly paused: boolean
}

/** What became of the calls and the tasks of pods that were taken away. */
export interface Losses {
  /** Tasks that others went on with, after their last call had ended. */
  handedBack: number
  /** The longest that one of them was ready and nobody went on with it. */
  longestHandBackSeconds: number
  /** Calls given up at the end of the drain time; their task is handed back. */
  cut: number
  /** Calls that died with their pod; their task waits for its lease. */
  killed: number
  /** The longest that a task belonged to a pod that was gone. */
  longestOrphanSeconds: number
}

/** What a worker keeps of its drain time for handing back. */
const HAND_BACK_SECONDS = 1

/** Pods and their tasks in virtual time, a second at a time. */
export class Fleet {
  readonly losses: Losses = { handedBack: 0, longestHandBackSeconds: 0, cut: 0, killed: 0, longestOrphanSeconds: 0 }
  readonly #settings: FleetSettings
  readonly #ready: Task[] = []
  /** Until their lane opens, or until they are resumed. */
  #waiting: Task[] = []
  #orphans: { task: Task; until: number }[] = []
  readonly #ends = new Map<number, Call[]>()
  #pods: Pod[] = []

  constructor(settings: FleetSettings, replicas: number) {
    this.#settings = settings
    for (let i = 0; i < replicas; i++) this.#create(0)
  }

  /** As the scaling endpoint counts: in progress, and ready and due. */
  get value(): number {
    return this.running + this.#ready.length
  }

  get running(): number {
    return this.#pods.reduce((sum, { calls }) => sum + calls.size, 0)
  }

  get draining(): number {
    return this.#pods.filter(({ stoppedAt }) => stoppedAt !== null).length
  }

  submit(tasks: readonly Task[]): void {
    for (const task of tasks) this.#ready.push(task)
  }

  /** Pods that are taken away are those that do not serve yet, then the busiest: no kinder than Kubernetes is. */
  scale(replicas: number, now: number): void {
    const kept = this.#pods.filter(({ stoppedAt }) => stoppedAt === null)
    for (let i = kept.length; i < replicas; i++) this.#create(now + this.#settings.startSeconds)
    const doomed = kept
      .toSorted((a, b) => Number(b.servesAt > now) - Number(a.servesAt > now) || b.calls.size - a.calls.size)
      .slice(0, Math.max(0, kept.length - replicas))
    for (const pod of doomed) pod.stoppedAt = now
  }

  step(now: number, weather: Weather): void {
    for (const call of this.#ends.get(now) ?? []) if (!call.over) this.#answer(call, now, weather)
    this.#ends.delete(now)
    this.#endPods(now)
    this.#recover(now)
    this.#wake(weather)
    this.#claim(now, weather)
  }

  #create(servesAt: number): void {
    this.#pods.push({ servesAt, stoppedAt: null, calls: new Set() })
  }

  #begin(task: Task, pod: Pod, now: number): void {
    const call: Call = { task, pod, over: false }
    const waited = now - (task.handedBackAt ?? now)
    this.losses.longestHandBackSeconds = Math.max(this.losses.longestHandBackSeconds, waited)
    task.handedBackAt = null
    pod.calls.add(call)
    const endsAt = now + (task.calls[task.recorded] ?? 1)
    const others = this.#ends.get(endsAt)
    if (others === undefined) this.#ends.set(endsAt, [call])
    else others.push(call)
  }

  #end(call: Call): Task {
    call.over = true
    call.pod.calls.delete(call)
    return call.task
  }

  #answer(call: Call, now: number, weather: Weather): void {
    const task = this.#end(call)
    task.recorded += 1
    if (task.recorded === task.calls.length) task.completions += 1
    else if (!mayCall(task, weather)) this.#waiting.push(task)
    else if (call.pod.stoppedAt === null) this.#begin(task, call.pod, now)
    else {
      this.losses.handedBack += 1
      task.handedBackAt = now
      this.#ready.push(task)
    }
  }

  #endPods(now: number): void {
    const { drainSeconds, graceSeconds, leaseSeconds } = this.#settings
    for (const pod of this.#pods) {
      if (pod.stoppedAt === null) continue
      const stopping = now - pod.stoppedAt
      if (stopping >= graceSeconds)
        for (const call of pod.calls) {
          this.losses.killed += 1
          this.#orphans.push({ task: this.#end(call), until: now + leaseSeconds })
          this.losses.longestOrphanSeconds = leaseSeconds
        }
      else if (stopping >= drainSeconds - HAND_BACK_SECONDS)
        for (const call of pod.calls) {
          this.losses.cut += 1
          this.#ready.push(this.#end(call))
        }
    }
    this.#pods = this.#pods.filter(({ stoppedAt, calls }) => stoppedAt === null || calls.size > 0)
  }

  #recover(now: number): void {
    for (const { task } of this.#orphans.filter(({ until }) => until <= now)) this.#ready.push(task)
    this.#orphans = this.#orphans.filter(({ until }) => until > now)
  }

  #wake(weather: Weather): void {
    for (const task of this.#waiting) if (mayCall(task, weather)) this.#ready.push(task)
    this.#waiting = this.#waiting.filter((task) => !mayCall(task, weather))
  }

  /** Each task goes to the pod with the most room, as it would where all of them fetch from one queue. */
  #claim(now: number, weather: Weather): void {
    const held = this.#ready.filter((task) => !mayCall(task, weather))
    if (held.length > 0) {
      this.#waiting.push(...held)
      const rest = this.#ready.filter((task) => mayCall(task, weather))
      this.#ready.splice(0, this.#ready.length, ...rest)
    }
    const serving = this.#pods.filter(({ servesAt, stoppedAt }) => stoppedAt === null && servesAt <= now)
    const room = serving.reduce((sum, { calls }) => sum + this.#settings.concurrency - calls.size, 0)
    for (const task of this.#ready.splice(0, room)) this.#begin(task, emptiest(serving), now)
  }
}

const mayCall = (task: Task, { laneOpen, paused }: Weather): boolean => laneOpen && !(paused && task.pausable)

const emptiest = (pods: readonly Pod[]): Pod =>
  pods.reduce((emptiestYet, pod) => (pod.calls.size < emptiestYet.calls.size ? pod : emptiestYet))
