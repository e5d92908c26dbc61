import type { Client } from '@flotilla/client'
import {
  countPrepared,
  FlotillaError,
  isTerminalEvent,
  mayPrepare,
  PAGE_MAX,
  type EventType,
  type RunEvent,
} from '@flotilla/domain'
import { reduceAll } from './reduce.ts'
import { startState, type LiveInput, type LiveState } from './state.ts'
import type { View } from './view.ts'

export type WatchDeps = Readonly<{ client: Client; view: View; now: () => number }>
export type WatchInput = Readonly<{
  runId: string
  signal: AbortSignal
  /** Ends the watching after this event, beside the terminal one. */
  endsAt?: (event: RunEvent) => boolean
  /** Asked at each pause, once that is shown; true ends the watching. */
  endsPaused?: (event: RunEvent) => Promise<boolean>
}>

const FRAME_MS = 100
const REFRESH_MS = 1_000
/** A task that was handed back to wait for a lane or a budget writes no event: while some run, the list is read this often. */
const WAITS_MS = 3_000

/** Every step copies all tasks; where that is too much, events are taken in together and share their state. */
const STEPS_MAX = 20_000

/** Events after which names, agents or figures may read differently. */
const TELLING: ReadonlySet<EventType> = new Set<EventType>([
  'run.plan_ready',
  'run.started',
  'run.replanned',
  'task.started',
  'task.turn',
  'task.completed',
  'task.failed',
])

/**
 * Shows a run in a view until its end, or until the signal aborts; answers the last state. Throws what following throws.
 */
export async function watchRun({ client, view, now }: WatchDeps, input: WatchInput): Promise<LiveState> {
  const { runId, signal, endsAt = () => false, endsPaused } = input
  let state = startState(runId)
  const waiting: LiveInput[] = []
  const flush = (): void => {
    const taken = waiting.splice(0)
    const oneByOne = taken.length * Math.max(taken.length, state.tasks.size) <= STEPS_MAX
    for (const batch of oneByOne ? taken.map((one) => [one]) : [taken]) {
      state = reduceAll(state, batch)
      const events = batch.flatMap((one) => (one.kind === 'event' ? [one.event] : []))
      view.update(state, events)
    }
  }
  const preparing = (): boolean => mayPrepare(state.status, state.tasks.size, state.documents)
  const facts = createFacts({ client, runId, now, preparing, found: (inputs) => waiting.push(...inputs) })
  const timer = setInterval(() => {
    facts.refreshIfDue(state.counts.active > 0)
    flush()
    view.tick(state)
  }, FRAME_MS)
  try {
    let over = false
    for await (const event of client.runs.follow(runId, { signal, onContact: (lost) => tellContact(view, lost) })) {
      waiting.push({ kind: 'event', event })
      if (TELLING.has(event.type)) facts.change()
      // Names first: what follows is about tasks that nobody has heard of.
      if (event.type === 'run.started') await facts.refresh(false).catch(ignoreExpected)
      over = isTerminalEvent(event.type)
      if (over || endsAt(event)) break
      if (event.type !== 'run.paused' || endsPaused === undefined) continue
      flush()
      if (await endsPaused(event)) break
    }
    if (!signal.aborted) await facts.refresh(over)
  } finally {
    clearInterval(timer)
    flush()
    view.close(state)
  }
  return state
}

const tellContact = (view: View, lost: unknown): void =>
  view.note(lost === null ? 'The server is back.' : 'The server does not answer; waiting for it …')

interface Facts {
  change(): void
  /** `working`: what no event tells may have changed too. */
  refreshIfDue(working: boolean): void
  refresh(settled: boolean): Promise<void>
}

/** Reads the run and its tasks anew when they changed, no oftener than once a second and a quarter of the time at most. */
function createFacts(options: {
  client: Client
  runId: string
  now: () => number
  /** Whether the run may wait for its documents, of which no event tells. */
  preparing: () => boolean
  found: (inputs: LiveInput[]) => void
}): Facts {
  const { client, runId, now, preparing, found } = options
  let changed = true
  let dueAt = 0
  let readAt = now()
  let running: Promise<void> | undefined
  const read = async (settled: boolean): Promise<void> => {
    changed = false
    readAt = now()
    const [run, tasks, documents] = await Promise.all([
      client.runs.get(runId),
      client.tasks.all(runId),
      preparing() ? client.documents.list(runId, { limit: PAGE_MAX }) : null,
    ])
    found([
      ...(documents === null ? [] : [{ kind: 'documents' as const, documents: countPrepared(documents.items) }]),
      { kind: 'run', run },
      { kind: 'tasks', tasks, settled },
    ])
  }
  return {
    change: () => void (changed = true),
    refreshIfDue(working) {
      const wanted = changed || preparing() || (working && now() >= readAt + WAITS_MS)
      if (running !== undefined || !wanted || now() < dueAt) return
      const startedAt = now()
      running = read(false)
        .catch((error: unknown) => {
          ignoreExpected(error)
          changed = true
        })
        .finally(() => {
          running = undefined
          dueAt = now() + Math.max(REFRESH_MS, 3 * (now() - startedAt))
        })
    },
    async refresh(settled) {
      await running
      await read(settled)
    },
  }
}

/** Names and figures can wait: the follower of events tells it when the server stays away. */
function ignoreExpected(error: unknown): void {
  if (!(error instanceof FlotillaError)) throw error
}
