import type { FlowProducer, Queue } from 'bullmq'
import { inBatches } from '@flotilla/runtime'
import type { Backend } from './backend.ts'
import { DEFAULT_PRIORITY, JOB_OPTIONS, jobPriority } from './jobs.ts'
import { agentQueue, LEARN_QUEUE, MAINTAIN_QUEUE, PLAN_QUEUE, VERIFY_QUEUE } from './names.ts'
import { flowTree, type TreeTask } from './tree.ts'

export type TaskWakeUp = Readonly<{
  runId: number
  idx: number
  role: string
  delayMs: number
  judge: boolean
  priority: number
}>

/**
 * Wake-ups. All are best effort: they follow a commit, and what is lost is woken again by the reconciler. They never throw
 * for a queue that is away; `onLost` hears of it.
 */
export type Producer = Readonly<{
  wakeTasks(tasks: readonly TaskWakeUp[]): Promise<void>
  wakePlan(runId: number, priority: number): Promise<void>
  wakeFinish(runId: number, priority?: number): Promise<void>
  wakeLearn(runId: number): Promise<void>
  addTree(runId: number, priority: number, tasks: readonly TreeTask[]): Promise<void>
  /** Jobs waiting in the queues used so far and in these roles' queues. */
  waiting(roles: readonly string[]): Promise<number>
  /**
   * The queue has lost what it held, by a flush or a restart without its data: a mark that stands beside the jobs is gone.
   * Sets it anew, so that of many who ask one is told. True also the first time ever. Rejects while the queue is away.
   */
  wiped(): Promise<boolean>
  close(): Promise<void>
}>

const MARK = 'mark'
/** Nobody consumes the mark; delayed, it counts for no backlog. BullMQ's scores have no room for much more. */
const MARK_DELAY_MS = 5 * 365 * 86_400_000

const BATCH = 25
const BULK = 500
const RUNS_AT_ONCE = 100

type RunWakeUp = Readonly<{ runId: number; priority: number }>
type BulkJob = { name: string; data: unknown; opts: Record<string, unknown> }

/** Wake-up jobs by queue: tasks of one priority without a delay share a job, up to 25 of them. */
export function wakeJobs(tasks: readonly TaskWakeUp[]): Map<string, BulkJob[]> {
  const jobs = new Map<string, BulkJob[]>()
  const add = (group: readonly TaskWakeUp[], delay: number): void => {
    const [first] = group
    if (first === undefined) return
    const queue = queueOf(first)
    const pairs = group.flatMap((task) => [task.runId, task.idx])
    const opts = { ...JOB_OPTIONS, priority: jobPriority(first.priority), ...(delay > 0 ? { delay } : {}) }
    const list = jobs.get(queue)
    const job = { name: 'wake', data: { t: pairs }, opts }
    if (list) list.push(job)
    else jobs.set(queue, [job])
  }
  for (const task of tasks) if (task.delayMs > 0) add([task], task.delayMs)
  const now = tasks.filter((task) => task.delayMs <= 0)
  for (const group of Map.groupBy(now, (task) => `${queueOf(task)}/${task.priority}`).values())
    for (let i = 0; i < group.length; i += BATCH) add(group.slice(i, i + BATCH), 0)
  return jobs
}

const queueOf = (task: TaskWakeUp): string => (task.judge ? VERIFY_QUEUE : agentQueue(task.role))

const runJob = (kind: string, run: number | readonly number[], priority: number): BulkJob => ({
  name: kind,
  data: { run },
  opts: { ...JOB_OPTIONS, priority: jobPriority(priority) },
})

/** A job a run: workers of earlier versions, beside which this one runs in an upgrade, know no others. */
const oneByOne = (kind: string, runs: readonly RunWakeUp[]): BulkJob[] =>
  runs.map(({ runId, priority }) => runJob(kind, runId, priority))
/** One job for all: whoever learns learns from many at once, and nobody waits for it. */
const together = (kind: string, runs: readonly RunWakeUp[]): BulkJob[] => [
  runJob(
    kind,
    runs.map(({ runId }) => runId),
    DEFAULT_PRIORITY,
  ),
]

export function createProducer(backend: Backend, onLost: (what: string, error: unknown) => void): Producer {
  const queues = new Map<string, Queue>()
  let flow: FlowProducer | undefined
  const queue = (name: string): Queue => {
    const known = queues.get(name)
    if (known) return known
    const made = backend.queue(name)
    queues.set(name, made)
    return made
  }
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      onLost(what, error)
    }
  }
  /** Wake-ups that come at the same time are one round trip. */
  const wakeRuns = (name: string, kind: string, jobsOf: typeof oneByOne): ((run: RunWakeUp) => Promise<void>) =>
    inBatches(
      async (runs: readonly RunWakeUp[]) => {
        await attempt(kind, () => queue(name).addBulk(jobsOf(kind, runs)))
        return runs.map(() => {})
      },
      { most: RUNS_AT_ONCE, flights: 1 },
    )
  const plan = wakeRuns(PLAN_QUEUE, 'plan', oneByOne)
  const finish = wakeRuns(VERIFY_QUEUE, 'finish', oneByOne)
  const learn = wakeRuns(LEARN_QUEUE, 'learn', together)
  return {
    wakeTasks: async (tasks) => {
      const pending: Promise<void>[] = []
      for (const [name, jobs] of wakeJobs(tasks))
        for (let i = 0; i < jobs.length; i += BULK)
          pending.push(attempt('wake', () => queue(name).addBulk(jobs.slice(i, i + BULK))))
      await Promise.all(pending)
    },
    wakePlan: (runId, priority) => plan({ runId, priority }),
    wakeFinish: (runId, priority = DEFAULT_PRIORITY) => finish({ runId, priority }),
    wakeLearn: (runId) => learn({ runId, priority: DEFAULT_PRIORITY }),
    addTree: (runId, priority, tasks) =>
      attempt('tree', async () => {
        flow ??= backend.flow()
        await flow.add(flowTree(runId, priority, tasks))
      }),
    waiting: async (roles) => {
      for (const role of roles) queue(agentQueue(role))
      // Prioritized jobs wait in a list of their own.
      const counts = await Promise.all([...queues.values()].map((q) => q.getJobCounts('wait', 'prioritized')))
      return counts.reduce((sum, c) => sum + Object.values(c).reduce((a, b) => a + b, 0), 0)
    },
    wiped: async () => {
      const maintain = queue(MAINTAIN_QUEUE)
      if (await maintain.getJob(MARK)) return false
      await maintain.add(MARK, {}, { ...JOB_OPTIONS, jobId: MARK, delay: MARK_DELAY_MS })
      return true
    },
    close: async () => {
      await Promise.allSettled([...queues.values(), ...(flow ? [flow] : [])].map((object) => object.close()))
    },
  }
}
