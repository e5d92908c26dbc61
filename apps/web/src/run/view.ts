import type { RunView as Run } from '@flotilla/domain'

export const RUN_VIEWS = [
  'graph',
  'tasks',
  'timeline',
  'board',
  'events',
  'result',
  'documents',
  'explain',
  'cost',
  'plan',
] as const
export type RunView = (typeof RUN_VIEWS)[number]

/** Which part of a run is shown, as the address says it; without one it is what `defaultView` tells. */
export type RunSearch = Readonly<{ view?: RunView | undefined }>

export function readRunView(search: Readonly<Record<string, unknown>>): RunSearch {
  const view = RUN_VIEWS.find((one) => one === search['view'])
  return view === undefined ? {} : { view }
}

/** A plan that awaits its start has no tasks to draw yet. */
export const defaultView = ({ status, progress }: Pick<Run, 'status' | 'progress'>): RunView =>
  status === 'awaiting_approval' && progress.total === 0 ? 'plan' : 'graph'
