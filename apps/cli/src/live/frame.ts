import { dollars, preparingText, type TaskStatus } from '@flotilla/domain'
import { count, duration } from './figures.ts'
import { chooseRows, type Group, type Row } from './rows.ts'
import type { LiveState, TaskLine } from './state.ts'
import { cut, fit, oneLine, widthOf } from './terminal-text.ts'

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'
export type Paint = (style: Style, text: string) => string

export interface FrameOptions {
  readonly columns: number
  /** The frame has at most this many lines. */
  readonly rows: number
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly paint?: Paint
  /** A last line that says what can be done. */
  readonly hint?: string
}

const plain: Paint = (_, text) => text
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const
const MAX_INDENT = 8
const MIN_COLUMNS = 20

/** The picture of a run: its head, then a line for each task. No line is wider than `columns`, none holds a control character of others. */
export function renderFrame(state: LiveState, options: FrameOptions): string[] {
  // One column is left free: a line that fills the last one wraps on some terminals.
  const columns = Math.max(MIN_COLUMNS, options.columns - 1)
  const { now, rows, paint = plain } = options
  const head = headLines(state, columns, now, paint)
  const foot = options.hint === undefined ? [] : [paint('dim', cut(options.hint, columns))]
  const room = rows - head.length - foot.length
  const graph = chooseRows(state, room).map((row) => rowLine(row, columns, now, paint))
  return [...head, ...graph, ...foot].slice(0, Math.max(0, rows))
}

function headLines(state: LiveState, columns: number, now: number, paint: Paint): string[] {
  const id = cut(`Run ${oneLine(state.runId)}`, columns)
  const status = cut(` ${state.status.replace('_', ' ')}`, columns - widthOf(id))
  const model = state.simulated ? ' · offline model: simulated answers' : ''
  const rest = cut(model, columns - widthOf(id) - widthOf(status))
  return [
    `${paint('bold', id)}${paint(runStyle(state), status)}${rest}`,
    cut(`  ${oneLine(state.goal)}`, columns),
    cut(`  ${progressOf(state)}${figuresOf(state, now).join(' · ')}`, columns),
  ]
}

const BAR_WIDTH = 16

function progressOf({ counts }: LiveState): string {
  if (counts.total === 0) return ''
  const share = (counts.completed + counts.failed + counts.skipped) / counts.total
  const full = Math.floor(share * BAR_WIDTH)
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${Math.floor(100 * share)}%  `
}

function figuresOf(state: LiveState, now: number): string[] {
  const { counts, status, tasks, documents, tokens, costUsd, startedAt, finishedAt } = state
  // To the log they run: no event tells of it when a task is handed back.
  const waiting = [...tasks.values()].filter(({ waits }) => waits !== null).length
  const running = Math.max(0, counts.active - waiting)
  const preparing = preparingText(status, counts.total, documents)
  return [
    ...(preparing === null ? [] : [preparing]),
    ...(counts.total === 0 ? [] : [`${counts.completed}/${counts.total} done`]),
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(counts.skipped > 0 ? [`${counts.skipped} skipped`] : []),
    ...(running > 0 ? [`${running} running`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
    `${count(tokens)} tokens`,
    dollars(costUsd),
    ...(startedAt === null ? [] : [duration((finishedAt ?? now) - startedAt)]),
  ]
}

function runStyle({ status, counts }: LiveState): Style {
  if (status === 'completed') return 'green'
  if (status === 'failed' || counts.failed > 0) return 'red'
  return status === 'cancelled' || status === 'paused' || status === 'awaiting_approval' ? 'yellow' : 'cyan'
}

function rowLine(row: Row, columns: number, now: number, paint: Paint): string {
  switch (row.kind) {
    case 'task':
      return taskLine(row.task, row.depth, columns, now, paint)
    case 'reason':
      return paint('red', cut(`${indent(row.depth)}  ↳ ${oneLine(row.text)}`, columns))
    case 'fold':
      return paint('dim', cut(`${indent(row.depth)}${FOLD_ICON[row.group]} ${row.count} tasks ${row.group}`, columns))
    case 'rest': {
      const parts = [...row.counts].map(([group, n]) => `${n} ${group}`)
      return paint('dim', cut(`  … and ${parts.join(', ')}`, columns))
    }
  }
}

const FOLD_ICON: Readonly<Record<Group, string>> = { failed: '✖', running: '⠿', waiting: '·', done: '✔', skipped: '⊘' }
const indent = (depth: number): string => ' '.repeat(2 * Math.min(MAX_INDENT, depth + 1))

const WORD: Readonly<Record<TaskStatus, string>> = {
  pending: 'waiting',
  ready: 'queued',
  in_progress: 'running',
  verifying: 'verifying',
  revising: 'revising',
  awaiting_approval: 'approval',
  completed: 'done',
  failed: 'failed',
  skipped: 'skipped',
  cancelled: 'cancelled',
}

function taskLine(task: TaskLine, depth: number, columns: number, now: number, paint: Paint): string {
  const cells = sideCells(task, columns, now)
  const side = cells.map(([text, width, align]) => `  ${fit(oneLine(text), width, align)}`).join('')
  const start = `${indent(depth)}${iconOf(task, now)} `
  const room = columns - widthOf(start) - widthOf(side)
  const activity = task.activity === null ? '' : ` · ${task.activity}`
  const retry = task.reason !== null && task.status === 'ready' ? ` · again after: ${task.reason}` : ''
  const rests = task.waits === null ? '' : ` · ${task.waits}`
  const waits = task.reason !== null && task.status === 'awaiting_approval' ? ` · ${task.reason}` : ''
  const title = fit(oneLine(`${task.title}${rests}${activity}${retry}${waits}`), room)
  const style = styleOf(task)
  return style === null ? `${start}${title}${side}` : paint(style, `${start}${title}${side}`)
}

type Cell = readonly [text: string, width: number, align: 'left' | 'right']

function sideCells(task: TaskLine, columns: number, now: number): Cell[] {
  const state: Cell = [
    (task.waits === null ? WORD[task.status] : 'waits') + (task.begun > 1 ? ` ×${task.begun}` : ''),
    12,
    'left',
  ]
  const agent: Cell = [task.agent ?? (task.role === '' ? '' : `@${task.role}`), 16, 'left']
  const elapsed: Cell = [elapsedOf(task, now), 11, 'right']
  const spent: Cell[] = [
    [task.tokens === 0 ? '' : count(task.tokens), 6, 'right'],
    [task.tokens === 0 ? '' : dollars(task.costUsd), 8, 'right'],
  ]
  if (columns >= 90) return [state, agent, elapsed, ...spent]
  if (columns >= 70) return [state, elapsed, ...spent]
  return columns >= 45 ? [state, elapsed] : []
}

function elapsedOf({ startedAt, finishedAt, status }: TaskLine, now: number): string {
  if (startedAt === null || status === 'ready' || status === 'pending') return ''
  return duration((finishedAt ?? now) - startedAt)
}

function iconOf({ status, waits }: TaskLine, now: number): string {
  if (waits !== null) return '○'
  switch (status) {
    case 'in_progress':
    case 'verifying':
    case 'revising':
      return SPINNER[Math.floor(now / 100) % SPINNER.length] ?? SPINNER[0]
    case 'completed':
      return '✔'
    case 'failed':
      return '✖'
    case 'skipped':
    case 'cancelled':
      return '⊘'
    case 'ready':
      return '○'
    case 'awaiting_approval':
      return '?'
    case 'pending':
      return '·'
  }
}

function styleOf({ status, waits }: TaskLine): Style | null {
  if (waits !== null) return 'yellow'
  if (status === 'failed') return 'red'
  if (status === 'completed') return 'green'
  if (status === 'pending' || status === 'skipped' || status === 'cancelled') return 'dim'
  if (status === 'awaiting_approval') return 'yellow'
  return status === 'ready' ? null : 'cyan'
}
