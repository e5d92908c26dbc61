import type { RunEvent } from '@flotilla/domain'
import { renderFrame, type Paint } from './frame.ts'
import { createScreen, type ScreenPort } from './screen.ts'
import type { LiveState } from './state.ts'
import { transitionLine } from './transition-lines.ts'

/** Shows a run as it goes on. */
export interface View {
  /** What happened since the last call, and the state after it. */
  update(state: LiveState, events: readonly RunEvent[]): void
  /** Time has passed, and all that happened in it was told. */
  tick(state: LiveState): void
  /** Text of others, such as a warning, that must not be torn by what is drawn. */
  note(text: string): void
  close(state: LiveState): void
}

export type TerminalViewOptions = Readonly<{ port: ScreenPort; paint: Paint; now: () => number; hint?: string }>

/** The graph, drawn over and over in place; the last picture stays. */
export function createTerminalView({ port, paint, now, hint }: TerminalViewOptions): View {
  const screen = createScreen(port)
  const draw = (state: LiveState, withHint: boolean): void => {
    const { columns, rows } = port.size()
    // The line beneath the frame is the cursor's.
    const options = { columns, rows: rows - 1, now: now(), paint }
    screen.draw(renderFrame(state, withHint && hint !== undefined ? { ...options, hint } : options))
  }
  return {
    update() {},
    tick: (state) => draw(state, true),
    note: (text) => screen.note(text),
    close(state) {
      draw(state, false)
      screen.close()
    },
  }
}

/** One line for each transition, for logs and for terminals that cannot be drawn on; only notes if `transitions` is false. */
export function createPlainView(write: (line: string) => void, transitions = true): View {
  return {
    update(state, events) {
      if (!transitions) return
      for (const event of events) {
        const line = transitionLine(event, state)
        if (line !== null) write(line)
      }
    },
    tick() {},
    note: write,
    close() {},
  }
}

/** The events themselves, one JSON text a line. */
export function createJsonView(write: (line: string) => void): View {
  return {
    update(_, events) {
      for (const event of events) write(JSON.stringify(event))
    },
    tick() {},
    note() {},
    close() {},
  }
}
