import type { Client } from '@flotilla/client'
import { FlotillaError, type RunEvent, type RunView, type TaskSummaryView } from '@flotilla/domain'
import { until } from '@flotilla/testing'
import { expect, test } from 'vitest'
import { eventsOf, RUN_ID, taskOf, type Step } from '../testing/run-fixture.ts'
import { runOf } from '../testing/run-view.ts'
import { transitionLine } from './transition-lines.ts'
import type { View } from './view.ts'
import { watchRun } from './watch-run.ts'

type Answers = Readonly<{
  follow: (signal: AbortSignal | undefined) => AsyncGenerator<RunEvent, void>
  run?: () => Promise<RunView>
  tasks?: () => Promise<TaskSummaryView[]>
  documents?: () => boolean[]
}>

/** As much of a client as watching uses. */
const clientOf = ({
  follow,
  run = async () => runOf(),
  tasks = async () => [taskOf('a'), taskOf('b')],
  documents = () => [],
}: Answers): Client =>
  ({
    runs: { follow: (_: string, options?: { signal?: AbortSignal }) => follow(options?.signal), get: run },
    tasks: { all: tasks },
    documents: { list: async () => ({ items: documents().map((prepared) => ({ prepared })), nextCursor: null }) },
  }) as unknown as Client

function recording() {
  const lines: string[] = []
  let closed = 0
  const view: View = {
    update: (state, events) => {
      for (const event of events) lines.push(transitionLine(event, state) ?? event.type)
    },
    tick: () => {},
    note: () => {},
    close: () => void (closed += 1),
  }
  return { view, lines, closed: () => closed }
}

const steps: Step[] = [
  ['run.created'],
  ['run.started', undefined, { tasks: 2 }],
  ['task.started', 'a', { attempt: 1 }],
  ['task.completed', 'a'],
  ['task.started', 'b', { attempt: 1 }],
  ['task.completed', 'b'],
  ['run.completed'],
]
const now = () => Date.now()
const signal = new AbortController().signal

test('tells every event once, under names, and counts as it went', async () => {
  const { view, lines, closed } = recording()
  let asked = 0
  const tasks = async () => {
    asked += 1
    return ['a', 'b'].map((key) => taskOf(key, { status: asked === 1 ? 'pending' : 'completed' }))
  }
  const client = clientOf({
    tasks,
    follow: async function* () {
      yield* eventsOf(steps)
    },
  })
  const state = await watchRun({ client, view, now }, { runId: RUN_ID, signal })
  expect(lines.map((line) => line.slice(9).replace(/ +/g, ' '))).toEqual([
    `run created ${RUN_ID}`,
    `run started ${RUN_ID} (2 tasks)`,
    'task started a: Do a (Ada)',
    'task completed a: Do a (1.0 s, 1/2)',
    'task started b: Do b (Ada)',
    'task completed b: Do b (1.0 s, 2/2)',
    `run completed ${RUN_ID}`,
  ])
  expect(state).toMatchObject({ status: 'completed', counts: { total: 2, completed: 2 } })
  expect(closed()).toBe(1)
})

test('goes on without names while they cannot be had', async () => {
  const { view, lines } = recording()
  let asked = 0
  const tasks = async () => {
    asked += 1
    if (asked < 3) throw new FlotillaError('unreachable', 'not now')
    return [taskOf('a'), taskOf('b')]
  }
  const client = clientOf({
    tasks,
    follow: async function* () {
      yield* eventsOf(steps)
    },
  })
  await until(
    async () => (await watchRun({ client, view, now }, { runId: RUN_ID, signal }).catch(() => null)) !== null,
    { what: 'names can be had' },
  )
  expect(lines.at(-1)).toContain('completed')
})

test('ends where it is told to', async () => {
  const { view } = recording()
  const client = clientOf({
    follow: async function* () {
      yield* eventsOf([['run.created'], ['run.awaiting_approval'], ['run.started']])
    },
  })
  const endsAt = ({ type }: RunEvent) => type === 'run.awaiting_approval'
  expect((await watchRun({ client, view, now }, { runId: RUN_ID, signal, endsAt })).status).toBe('awaiting_approval')
})

test('asks at a pause, which it has shown, whether to go on', async () => {
  const { view, lines } = recording()
  const asked: string[] = []
  const client = clientOf({
    follow: async function* () {
      yield* eventsOf([['run.created'], ['run.paused'], ['run.resumed'], ['run.paused'], ['run.resumed']])
    },
  })
  const endsPaused = async () => asked.push(lines.at(-1)?.slice(9, 19) ?? '') === 2
  expect((await watchRun({ client, view, now }, { runId: RUN_ID, signal, endsPaused })).status).toBe('paused')
  expect(asked).toEqual(['run  pause', 'run  pause'])
})

test('an abort ends it quietly with what is known', async () => {
  const { view, closed } = recording()
  const stop = new AbortController()
  const client = clientOf({
    follow: async function* (aborted) {
      yield* eventsOf([['run.created'], ['run.started']])
      const { promise, resolve } = Promise.withResolvers<void>()
      aborted?.addEventListener('abort', () => resolve())
      stop.abort()
      await promise
    },
  })
  expect((await watchRun({ client, view, now }, { runId: RUN_ID, signal: stop.signal })).status).toBe('executing')
  expect(closed()).toBe(1)
})

test('what following throws is thrown, with the picture closed', async () => {
  const { view, closed } = recording()
  const client = clientOf({
    follow: async function* () {
      yield* eventsOf([['run.created']])
      throw new Error('gone')
    },
  })
  await expect(watchRun({ client, view, now }, { runId: RUN_ID, signal })).rejects.toThrow('gone')
  expect(closed()).toBe(1)
})

test('reads how far the documents are while the run waits for them, and no longer', async () => {
  const { promise: prepared, resolve } = Promise.withResolvers<void>()
  const answers = [
    [false, false],
    [true, false],
    [true, true],
  ]
  const seen: unknown[] = []
  let asked = 0
  const client = clientOf({
    async *follow() {
      yield* eventsOf([['run.created'], ['run.planning']])
      await prepared
      yield* eventsOf([['run.started', undefined, { tasks: 2 }], ['run.completed']], 3)
    },
    tasks: async () => [],
    documents: () => answers[Math.min(asked++, 2)] ?? [],
  })
  const view: View = {
    update: () => {},
    tick({ documents }) {
      if (documents !== null && documents.prepared !== seen.at(-1)) seen.push(documents.prepared)
      if (documents?.prepared === 2) resolve()
    },
    note: () => {},
    close: () => {},
  }
  await watchRun({ client, view, now }, { runId: RUN_ID, signal })
  expect([seen, asked]).toEqual([[0, 1, 2], 3])
})
