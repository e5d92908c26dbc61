import { isTerminalRun, type RunStatus } from '@flotilla/domain'

/** What to say where a run has nothing to show: what is to come, or why it never will. */
export type Absent = Readonly<{ title: string; text: string }>

const HOW: Readonly<Partial<Record<RunStatus, string>>> = { cancelled: 'was cancelled', failed: 'failed' }
const howOf = (status: RunStatus): string => HOW[status] ?? 'ended'

export const nothingBegan = (status: RunStatus): Absent =>
  isTerminalRun(status)
    ? { title: 'Nothing began.', text: `The run ${howOf(status)} before any task was ready to be worked on.` }
    : { title: 'Nothing has begun yet.', text: 'Each task gets a line here once it is ready to be worked on.' }

export const noPlan = (status: RunStatus): Absent =>
  isTerminalRun(status)
    ? { title: 'It never had a plan.', text: `The run ${howOf(status)} before it was planned.` }
    : { title: 'There is no plan yet.', text: 'The planner is at work, or will be.' }

/** In a word or two, beside its other figures. */
export const noQualityText = (status: RunStatus): string => (isTerminalRun(status) ? 'none' : '–')

export const noDurationText = (status: RunStatus): string => (isTerminalRun(status) ? 'never began' : '–')
