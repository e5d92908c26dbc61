import type { StopSignals } from '@flotilla/agents'
import type { ClaimedTask, Settlement } from '@flotilla/db'
import { decideAfterFailure, DEFAULT_MAX_REVISIONS } from '@flotilla/domain'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { PlannedTask } from './schedule.ts'
import { MAX_ATTEMPTS, UNSTORABLE, type VirtualRecord } from './virtual-record.ts'
import type { Process, VirtualTime } from './virtual-time.ts'

/** How long work goes on after it was told to stop. */
export const MAX_STOP_MS = 1_000

export type ExecutorDeps = Readonly<{
  process: Process
  time: VirtualTime
  random: Random
  network: Network
  record: VirtualRecord
  planned: (task: ClaimedTask) => PlannedTask
  /** The process dies of what it was doing. */
  die: () => void
}>

/**
 * What stands for an attempt of an agent, or for a judge: two turns, and a look at the run between them; it heeds the
 * signals, and comes to one outcome or another.
 */
export function executeTask(deps: ExecutorDeps, task: ClaimedTask, stop: StopSignals): Promise<Settlement> {
  const { promise, resolve } = Promise.withResolvers<Settlement>()
  const { ms, poison } = deps.planned(task)
  const after = (delayMs: number, call: () => void): void => void deps.time.after(delayMs, call, deps.process)
  let ended = false
  const end = (settlement: Settlement): void => {
    if (ended) return
    ended = true
    resolve(settlement)
  }
  // Some work does not stop at once.
  const broken = (): void =>
    after(deps.random.chance(0.3) ? deps.random.between(10, MAX_STOP_MS) : deps.random.between(0, 10), () =>
      end(settlement(task, 'release')),
    )
  stop.signal.addEventListener('abort', broken, { once: true })
  if (stop.signal.aborted) broken()
  if (poison && !task.judge) after(ms / 2, deps.die)
  const half = task.judge ? Math.min(ms, 50) / 2 : ms / 2
  after(half, () => {
    if (ended) return
    void mayGoOn(deps, task, stop).then((may) => {
      if (!may) return end(settlement(task, 'release'))
      after(half, () => end(outcome(deps, task)))
    })
  })
  return promise
}

/** At a turn boundary: a paused run's next call does not begin, and whoever is to yield does. */
async function mayGoOn(
  { network, process, record }: ExecutorDeps,
  task: ClaimedTask,
  stop: StopSignals,
): Promise<boolean> {
  if (stop.yielding.aborted) return false
  try {
    return !(await network.ask(process, () => record.isPaused(task.runId)))
  } catch {
    return false
  }
}

const settlement = (
  task: ClaimedTask,
  verb: Settlement['verb'],
  delayMs = 0,
  data: Partial<Settlement['data']> = {},
): Settlement => ({
  runId: task.runId,
  idx: task.idx,
  fence: task.fence,
  judged: task.judge,
  verb,
  delayMs,
  data: { kind: task.kind, ...data },
})

function outcome(deps: ExecutorDeps, task: ClaimedTask): Settlement {
  const { random } = deps
  const luck = random.next()
  if (task.judge) {
    if (luck < 0.7) return settlement(task, 'complete')
    if (luck < 0.8) return settlement(task, 'retry', 100)
    return settlement(task, task.revisions < DEFAULT_MAX_REVISIONS ? 'revise' : 'fail')
  }
  if (luck < 0.85) {
    const output = random.chance(0.08)
      ? { output: { text: UNSTORABLE, data: null, artifacts: [], simulated: true } as never }
      : {}
    return settlement(task, deps.planned(task).judged ? 'verify' : 'complete', 0, output)
  }
  if (luck < 0.89) return settlement(task, 'release', random.chance(0.5) ? 0 : 100)
  const failure = { code: luck < 0.97 ? ('model_overloaded' as const) : ('configuration' as const), message: '' }
  const decision = decideAfterFailure({
    failure,
    counts: task,
    maxAttempts: MAX_ATTEMPTS,
    random: random.next(),
    baseMs: 100,
  })
  return decision.kind === 'retry' ? settlement(task, 'retry', decision.delayMs) : settlement(task, 'fail')
}
