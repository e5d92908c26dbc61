import * as v from 'valibot'

export const RUN_STATUSES = [
  'created',
  'planning',
  'awaiting_approval',
  'executing',
  'paused',
  'verifying',
  'completed',
  'failed',
  'cancelled',
] as const
export type RunStatus = (typeof RUN_STATUSES)[number]
export const RunStatusSchema = v.pipe(v.picklist(RUN_STATUSES), v.metadata({ ref: 'RunStatus' }))

export const MODES = ['sequential', 'parallel', 'hierarchical', 'autonomous'] as const
export type Mode = (typeof MODES)[number]

/**
 * Who moves a run where:
 * created → planning: the planner's claim · planning → awaiting_approval | executing: the planner ·
 * awaiting_approval → executing: start · executing → verifying: the settlement of the last task ·
 * verifying → completed | failed: finishing · any live status → cancelled: cancel · → failed: the planner, deadlines.
 * any live status → paused: pause, which keeps it · paused → the status kept: resume, and → verifying where nothing is left
 * to do. What a planner at work writes meanwhile moves the status kept.
 */
const NEXT: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  created: ['planning', 'awaiting_approval', 'cancelled', 'failed', 'paused'],
  planning: ['awaiting_approval', 'executing', 'failed', 'cancelled', 'paused'],
  awaiting_approval: ['executing', 'cancelled', 'failed', 'paused'],
  executing: ['verifying', 'failed', 'cancelled', 'paused'],
  paused: ['created', 'planning', 'awaiting_approval', 'executing', 'verifying', 'failed', 'cancelled'],
  verifying: ['completed', 'failed', 'cancelled', 'paused'],
  completed: [],
  failed: [],
  cancelled: [],
}

export const runCanMove = (from: RunStatus, to: RunStatus): boolean => NEXT[from].includes(to)
export const isTerminalRun = (status: RunStatus): boolean => NEXT[status].length === 0

export type RunControl = 'start' | 'pause' | 'resume' | 'cancel' | 'replace_plan' | 'delete'
export type ControlDecision = 'apply' | 'already' | 'forbidden'

/**
 * What a control does in a state: take effect, nothing because it already has, or a 409. A paused run takes a resume or a
 * cancel alone: what it goes back to decides the rest, once it is there.
 */
export function decideControl(control: RunControl, status: RunStatus, autoStart: boolean): ControlDecision {
  switch (control) {
    case 'pause':
      if (status === 'paused') return 'already'
      return isTerminalRun(status) ? 'forbidden' : 'apply'
    case 'resume':
      if (status === 'paused') return 'apply'
      return isTerminalRun(status) ? 'forbidden' : 'already'
    case 'cancel':
      if (status === 'cancelled') return 'already'
      return isTerminalRun(status) ? 'forbidden' : 'apply'
    case 'start':
      if (status === 'paused') return 'forbidden'
      if (autoStart) return status === 'cancelled' || status === 'failed' ? 'forbidden' : 'already'
      return status === 'awaiting_approval' || status === 'created' || status === 'planning' ? 'apply' : 'forbidden'
    case 'replace_plan':
      if (autoStart) return 'forbidden'
      return status === 'awaiting_approval' || status === 'created' || status === 'planning' ? 'apply' : 'forbidden'
    case 'delete':
      return isTerminalRun(status) ? 'apply' : 'forbidden'
  }
}

const ALLOWED: Readonly<Record<RunStatus, string>> = {
  created: 'pause or cancel',
  planning: 'pause or cancel',
  awaiting_approval: 'start, pause, cancel or PUT plan',
  executing: 'pause or cancel',
  paused: 'resume or cancel',
  verifying: 'pause or cancel',
  completed: 'delete',
  failed: 'delete',
  cancelled: 'delete',
}
const CONTROL_WORDS: Readonly<Partial<Record<RunControl, string>>> = { replace_plan: 'replace the plan of' }

/** The sentence that a refused control answers with: the state, and what it allows. */
export const describeForbidden = (control: RunControl, status: RunStatus): string =>
  `cannot ${CONTROL_WORDS[control] ?? control} a run that is ${status}; allowed now: ${ALLOWED[status]}`
