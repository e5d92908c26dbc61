import type { RunStatus, TaskStatus } from '@flotilla/domain'

/** What a state means to whoever watches; each has its colour and, for those who do not see colours, its mark. */
export type Tone = 'idle' | 'active' | 'judged' | 'good' | 'warn' | 'bad'

export type StateLook = Readonly<{ tone: Tone; mark: string; label: string }>

const look = (tone: Tone, mark: string, label: string): StateLook => ({ tone, mark, label })

export const RUN_LOOKS: Readonly<Record<RunStatus, StateLook>> = {
  created: look('idle', '○', 'created'),
  planning: look('active', '◔', 'planning'),
  awaiting_approval: look('warn', '◇', 'awaiting start'),
  executing: look('active', '●', 'executing'),
  paused: look('warn', '‖', 'paused'),
  verifying: look('judged', '◆', 'verifying'),
  completed: look('good', '✓', 'completed'),
  failed: look('bad', '✕', 'failed'),
  cancelled: look('idle', '⊘', 'cancelled'),
}

export const TASK_LOOKS: Readonly<Record<TaskStatus, StateLook>> = {
  pending: look('idle', '○', 'pending'),
  ready: look('idle', '◔', 'ready'),
  in_progress: look('active', '●', 'in progress'),
  verifying: look('judged', '◆', 'verifying'),
  revising: look('warn', '↻', 'revising'),
  awaiting_approval: look('warn', '◇', 'awaiting a decision'),
  completed: look('good', '✓', 'completed'),
  failed: look('bad', '✕', 'failed'),
  skipped: look('idle', '–', 'skipped'),
  cancelled: look('idle', '⊘', 'cancelled'),
}

/** Whole class names, so that the style sheet has them. */
export const TONE_TEXT: Readonly<Record<Tone, string>> = {
  idle: 'text-idle',
  active: 'text-active',
  judged: 'text-judged',
  good: 'text-good',
  warn: 'text-warn',
  bad: 'text-bad',
}
