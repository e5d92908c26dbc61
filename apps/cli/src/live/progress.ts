import type { Context } from '../context.ts'
import { createJsonView, createPlainView, createTerminalView, type View } from './view.ts'

export const PROGRESS_MODES = ['auto', 'tty', 'plain', 'json'] as const
export type ProgressMode = (typeof PROGRESS_MODES)[number]

/**
 * What is shown while a run goes on: for people on standard error, for programs on standard output. `waits`: also while the run is
 * paused, since a person looks on who can let it go on.
 */
export type Progress = Readonly<{ people: 'tty' | 'plain' | 'none'; json: boolean; waits: boolean }>

type Surroundings = Readonly<{ isTty: boolean; environment: Readonly<Record<string, string | undefined>> }>

/** `auto` draws where a person looks on: at a terminal that can be drawn on, outside of CI. With `--json` people get nothing unless they ask. */
export function chooseProgress(wanted: ProgressMode, json: boolean, { isTty, environment }: Surroundings): Progress {
  if (wanted === 'json' || (wanted === 'auto' && json)) return { people: 'none', json: true, waits: false }
  const watched = isTty && !environment['CI']
  const waits = watched && !json
  if (wanted !== 'auto') return { people: wanted, json, waits }
  return { people: watched && environment['TERM'] !== 'dumb' ? 'tty' : 'plain', json, waits }
}

export function createViews({ terminal, now }: Context, progress: Progress, hint?: string): View {
  const { port, paint } = terminal
  const writeError = (line: string): void => port.write(`${line}\n`)
  const views: View[] = []
  if (progress.people === 'tty')
    views.push(createTerminalView({ port, paint, now, ...(hint === undefined ? {} : { hint }) }))
  else views.push(createPlainView(writeError, progress.people === 'plain'))
  if (progress.json) views.push(createJsonView((line) => terminal.out(line)))
  return {
    update: (state, events) => views.forEach((view) => view.update(state, events)),
    tick: (state) => views.forEach((view) => view.tick(state)),
    note: (text) => views[0]?.note(text),
    close: (state) => views.forEach((view) => view.close(state)),
  }
}
