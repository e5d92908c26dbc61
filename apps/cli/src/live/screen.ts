import { widthOf } from './terminal-text.ts'

export interface ScreenPort {
  write(text: string): void
  size(): { readonly columns: number; readonly rows: number }
}

export interface Screen {
  /** Shows a frame in place of the last one, writing only the lines that differ. */
  draw(lines: readonly string[]): void
  /** Puts lines above the frame, where they stay. */
  note(text: string): void
  /** Leaves the last frame standing and gives the cursor back. */
  close(): void
}

export const HIDE_CURSOR = '\u001B[?25l'
export const SHOW_CURSOR = '\u001B[?25h'
/** The terminal shows what is between them at once; others ignore them. */
const BEGIN = '\u001B[?2026h'
const END = '\u001B[?2026l'
const CLEAR_LINE = '\u001B[2K'
const CLEAR_BELOW = '\u001B[J'
const up = (lines: number): string => (lines > 0 ? `\u001B[${lines}A` : '')

/** A region at the end of a terminal's text that is drawn over and over. A frame must be lower than the terminal. */
export function createScreen(port: ScreenPort): Screen {
  let shown: readonly string[] = []
  let columns = port.size().columns
  let open = false

  const erase = (): string => {
    // After a change of the width the terminal has wrapped the lines anew.
    const wide = port.size().columns
    const height = shown.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / Math.max(1, wide))), 0)
    shown = []
    return `${up(height)}\r${CLEAR_BELOW}`
  }

  return {
    draw(lines) {
      const resized = port.size().columns !== columns
      columns = port.size().columns
      const before = resized ? erase() : up(shown.length)
      const body = lines.map((line, i) => (line === shown[i] ? '\n' : `\r${CLEAR_LINE}${line}\n`)).join('')
      const after = lines.length < shown.length ? CLEAR_BELOW : ''
      port.write(`${BEGIN}${open ? '' : HIDE_CURSOR}${before}\r${body}${after}${END}`)
      open = true
      shown = lines
    },
    note(text) {
      const lines = shown
      port.write(`${BEGIN}${erase()}${text}\n${lines.map((line) => `${line}\n`).join('')}${END}`)
      shown = lines
    },
    close() {
      if (open) port.write(SHOW_CURSOR)
      open = false
      shown = []
    },
  }
}
