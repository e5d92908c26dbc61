import { ProblemError } from '@flotilla/client'
import type { RunEvent, RunView, TaskSummaryView } from '@flotilla/domain'
import { isTerminalRun } from '@flotilla/domain'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useRef } from 'react'
import { client } from '../api/client.ts'
import { useFeed } from './feed.ts'
import type { RunFold } from './fold.ts'
import { isSettled } from './settled.ts'
import { lineTasks, type TaskLine } from './task-lines.ts'

export type LiveRun = Readonly<{
  run: RunView
  fold: RunFold
  tasks: readonly TaskLine[]
}>

const LOOK_EVERY_MS = 2_000
/** While events come, figures are read at most this often. */
const FIGURES_EVERY_MS = 500
/** Events after which names, agents, costs or the result may read differently. */
const TELLING: ReadonlySet<RunEvent['type']> = new Set<RunEvent['type']>([
  'run.analyzed',
  'run.plan_ready',
  'run.awaiting_approval',
  'run.started',
  'run.replanned',
  'run.paused',
  'run.resumed',
  'run.completed',
  'run.failed',
  'run.cancelled',
])

/** A run with its tasks: the log says what happened and when, the record what things are called and cost. */
export function useRun(runId: string): Readonly<{ live: LiveRun | null; error: unknown }> {
  const feed = useFeed(runId)
  const run = useQuery({
    queryKey: ['run', runId],
    queryFn: ({ signal }) => client.runs.get(runId, { signal }),
    refetchInterval: ({ state: { data, error } }) => !isUnknown(error) && lookAgainMs(data, LOOK_EVERY_MS),
  })
  const tasks = useQuery({
    queryKey: ['run', runId, 'tasks'],
    queryFn: ({ signal }) => client.tasks.all(runId, { signal }),
    enabled: !isUnknown(run.error),
    refetchInterval: ({ state: { data, error } }) =>
      !isUnknown(error) && lookAgainMs(run.data, (data?.length ?? 0) > 300 ? 5_000 : LOOK_EVERY_MS),
  })
  useReadAnew(runId, feed.fold, run.data)
  useFigures(runId, feed.fold.seq)
  const live = useMemo(() => liveOf(run.data, tasks.data ?? NONE, feed.fold), [run.data, tasks.data, feed.fold])
  return { live, error: run.error ?? feed.error }
}

/** There is no such run, and asking again makes none. */
const isUnknown = (error: unknown): boolean => error instanceof ProblemError && error.status === 404

/** When what belongs to a run is read again: while it goes on, and for what its end has cut off, which no event tells of. */
export function lookAgainMs(run: RunView | undefined, everyMs: number): number | false {
  if (run === undefined || !isTerminalRun(run.status)) return everyMs
  return isSettled(run, Date.now()) ? false : everyMs / 2
}

const NONE: readonly TaskSummaryView[] = []

function liveOf(run: RunView | undefined, tasks: readonly TaskSummaryView[], fold: RunFold): LiveRun | null {
  if (run === undefined) return null
  // The record may be a moment behind the log, and the log before the first event behind the record.
  const status = fold.status !== null && !isTerminalRun(run.status) ? fold.status : run.status
  return {
    run: status === run.status ? run : { ...run, status },
    fold,
    tasks: lineTasks(tasks, fold, isTerminalRun(run.status)),
  }
}

/** What has been used moves with the events: it is read soon after them, so that the gauge is not behind the graph. */
function useFigures(runId: string, seq: number): void {
  const queries = useQueryClient()
  const wanted = useRef(seq)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    if (seq <= wanted.current) return
    wanted.current = seq
    timer.current ??= setTimeout(() => {
      timer.current = undefined
      void queries.invalidateQueries({ queryKey: ['run', runId], exact: true })
    }, FIGURES_EVERY_MS)
  }, [queries, runId, seq])
  useEffect(() => () => clearTimeout(timer.current), [runId])
}

/** With each event that tells more, and each late word of what a cancel has cut off: costs and tasks have that, too. */
function useReadAnew(runId: string, fold: RunFold, run: RunView | undefined): void {
  const queries = useQueryClient()
  const late = run?.cancellation?.stopped.calls ?? 0
  const last = fold.events.findLast(({ type }) => TELLING.has(type))?.seq ?? 0
  useEffect(() => {
    if (last + late > 0) void queries.invalidateQueries({ queryKey: ['run', runId] })
  }, [queries, runId, last, late])
}
