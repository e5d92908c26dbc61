import type { Producer } from '@flotilla/queue'
import type { Controls } from './controls.ts'
import type { Acknowledgements } from '../submitter.ts'
import type { Fleet } from '../ground/fleet.ts'
import type { Ground } from '../ground/ground.ts'
import { pause } from '../pause.ts'
import type { Fault, StruckFault, WakeUpPick } from './fault.ts'

export type StrikeDeps = Readonly<{
  ground: Ground
  fleet: Fleet
  producer: Producer
  acknowledgements: Acknowledgements
  controls: Controls
  /** The plan whose model call began last and is under way; undefined where none is. */
  planInCall: () => number | undefined
  /** Runs whose cancel was asked for, and those whose cancel was confirmed. */
  cancels: Readonly<{ asked: Set<string>; confirmed: Set<string> }>
}>

/**
 * Strikes and, where something is away for a while, brings it back. Null: it struck the void, as a flush of a Redis that
 * is away does. Rejects when what was away does not come back.
 */
export async function strike(deps: StrikeDeps, fault: Fault): Promise<StruckFault | null> {
  const at = Date.now()
  try {
    const counting = await blow(deps, fault)
    if (counting === 'struck_the_void') return null
    const endedAt = Date.now()
    return { kind: fault.kind, at, overAt: counting === 'counts_from_its_end' ? endedAt : at, endedAt }
  } catch (error) {
    if (mayMiss(deps, fault)) return null
    throw error
  }
}

/** What needs a server that another fault may have taken away. */
function mayMiss({ ground }: StrikeDeps, { kind }: Fault): boolean {
  return kind === 'flush' || kind === 'terminate' || (kind === 'redis-wipe' && ground.queue.redis === undefined)
}

type Counting = 'counts_from_its_end' | 'counts_from_the_blow' | 'struck_the_void'

/** A worker that starts is ended only while another one is there: else a slow machine would never see one serve. */
const mayEnd = ({ slots }: Fleet, worker: number): boolean =>
  slots[worker]?.ready === true || slots.some((slot) => slot.ready)

async function blow(deps: StrikeDeps, fault: Fault): Promise<Counting> {
  const { ground, fleet, producer, acknowledgements } = deps
  switch (fault.kind) {
    case 'kill':
    case 'drain':
      if (!mayEnd(fleet, fault.worker)) return 'struck_the_void'
      fleet.slots[fault.worker]?.signal(fault.kind === 'kill' ? 'SIGKILL' : 'SIGTERM')
      break
    case 'stop':
      fleet.slots[fault.worker]?.signal('SIGSTOP')
      await pause(fault.forMs)
      fleet.slots[fault.worker]?.signal('SIGCONT')
      break
    case 'flush':
      await ground.queue.flush()
      break
    case 'redis-wipe':
      await ground.queue.wipe(fault.forMs)
      return 'counts_from_its_end'
    case 'pg-crash':
      await ground.postgres.crash(fault.forMs)
      return 'counts_from_its_end'
    case 'terminate':
      await ground.postgres.terminate(fault.share)
      break
    case 'halfopen':
      await ground.halfOpen(fault.worker, fault.side, fault.forMs)
      break
    case 'skew':
      await fleet.skew(fault.worker, fault.byMs)
      break
    case 'cancel':
      await cancel(deps, fault.run)
      break
    case 'pause':
      await pauseAndResume(deps, fault)
      return 'counts_from_its_end'
    case 'dup':
      await Promise.all(fault.picks.map((pick) => wake(producer, acknowledgements, pick)))
      break
  }
  return 'counts_from_the_blow'
}

/** A run with a model call to cut off, where there is one. */
async function cancel({ acknowledgements, controls, cancels, planInCall }: StrikeDeps, share: number): Promise<void> {
  const inCall = planInCall()
  const run = acknowledgements.all().find(({ plan }) => plan === inCall) ?? acknowledgements.at(share)
  if (run === undefined) return
  cancels.asked.add(run.uid)
  if ((await controls.apply('cancel', run.uid)) !== null) cancels.confirmed.add(run.uid)
}

async function pauseAndResume(
  { acknowledgements, controls }: StrikeDeps,
  { run: share, forMs }: Extract<Fault, { kind: 'pause' }>,
): Promise<void> {
  const run = acknowledgements.at(share)
  if (run === undefined || (await controls.apply('pause', run.uid)) === null) return
  await pause(forMs)
  await controls.apply('resume', run.uid)
}

/** A wake-up that nobody has asked for. */
async function wake(producer: Producer, acknowledgements: Acknowledgements, pick: WakeUpPick): Promise<void> {
  const run = acknowledgements.at(pick.run)
  if (run === undefined || run.runId === null) return
  const { runId, plan } = run
  switch (pick.what) {
    case 'task':
    case 'judge': {
      const role = plan.tasks[pick.task]?.role ?? 'writer'
      return producer.wakeTasks([
        { runId, idx: pick.task, role, delayMs: pick.delayMs, judge: pick.what === 'judge', priority: 5 },
      ])
    }
    case 'plan':
      return producer.wakePlan(runId, 5)
    case 'finish':
      return producer.wakeFinish(runId)
    case 'learn':
      return producer.wakeLearn(runId)
  }
}
