import { styleText } from 'node:util'
import type { Paint } from './live/frame.ts'
import { HIDE_CURSOR, SHOW_CURSOR, type ScreenPort } from './live/screen.ts'

/** Where a command writes: data to standard output, all talk to standard error. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Lets somebody else write what goes to standard error, so that a drawn picture is not torn; null takes it back. */
  readonly divert: (note: ((text: string) => void) | null) => void
  /** Gives the cursor back, wherever the process was. */
  readonly restore: () => void
  /** A person looks at standard error. */
  readonly isTty: boolean
  readonly port: ScreenPort
  /** For standard error; plain where it is no terminal and where NO_COLOR asks for it. */
  readonly paint: Paint
  readonly paintOut: Paint
}

type Stream = Readonly<{ write(text: string): unknown; isTTY?: boolean; columns?: number; rows?: number }>

export function createTerminal(stdout: Stream, stderr: Stream): Terminal {
  let note: ((text: string) => void) | null = null
  let cursorHidden = false
  const paintOn =
    (stream: Stream): Paint =>
    (style, text) =>
      styleText(style, text, { stream: stream as unknown as NodeJS.WriteStream })
  return {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => (note === null ? void stderr.write(`${text}\n`) : note(text)),
    divert: (to) => void (note = to),
    restore: () => (cursorHidden ? void stderr.write(SHOW_CURSOR) : undefined),
    isTty: stderr.isTTY ?? false,
    port: {
      write(text) {
        cursorHidden = (cursorHidden || text.includes(HIDE_CURSOR)) && !text.includes(SHOW_CURSOR)
        stderr.write(text)
      },
      size: () => ({ columns: stderr.columns || 80, rows: stderr.rows || 24 }),
    },
    paint: paintOn(stderr),
    paintOut: paintOn(stdout),
  }
}
