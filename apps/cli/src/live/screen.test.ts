import { expect, test } from 'vitest'
import { createScreen } from './screen.ts'

/** As much of a terminal as a screen uses: rows of text, a cursor, the sequences that move and erase. */
function createTerminal() {
  const rows: string[] = ['before', '']
  let [row, column] = [1, 0]
  let written = 0
  let cursorShown = true
  const control = (count: number, verb: string, text: string): void => {
    if (verb === 'A') row -= count
    else if (verb === 'K') rows[row] = ''
    else if (verb === 'J') {
      rows[row] = (rows[row] ?? '').slice(0, column)
      rows.length = row + 1
    } else if (text.endsWith('?25l')) cursorShown = false
    else if (text.endsWith('?25h')) cursorShown = true
  }
  const write = (text: string): void => {
    written += text.length
    for (const [token, , count, verb] of text.replaceAll('\u001B', '␛').matchAll(/␛(\[\??(\d*)([A-Za-z]))|[^]/g)) {
      if (verb !== undefined) control(Number(count || 1), verb, token)
      else if (token === '\r') column = 0
      else if (token === '\n') [row, column] = [row + 1, 0]
      else {
        const line = rows[row] ?? ''
        rows[row] = line.slice(0, column).padEnd(column) + token + line.slice(column + 1)
        column += 1
      }
      rows[row] ??= ''
    }
  }
  return { write, text: () => rows.join('\n').trimEnd(), written: () => written, cursorShown: () => cursorShown }
}

const open = (size = { columns: 40, rows: 10 }) => {
  const terminal = createTerminal()
  return { terminal, screen: createScreen({ write: terminal.write, size: () => size }), size }
}

test('draws in place, shorter and longer', () => {
  const { terminal, screen } = open()
  screen.draw(['head', 'a', 'b'])
  screen.draw(['head', 'a done', 'b'])
  expect(terminal.text()).toBe('before\nhead\na done\nb')
  screen.draw(['head'])
  expect(terminal.text()).toBe('before\nhead')
  screen.draw(['head', 'x', 'y', 'z'])
  expect(terminal.text()).toBe('before\nhead\nx\ny\nz')
})

test('a shorter line leaves nothing of a longer one', () => {
  const { terminal, screen } = open()
  screen.draw(['a long line'])
  screen.draw(['short'])
  expect(terminal.text()).toBe('before\nshort')
})

test('writes only what differs', () => {
  const { terminal, screen } = open()
  const lines = Array.from({ length: 9 }, (_, i) => `line ${i} `.repeat(4))
  screen.draw(lines)
  const first = terminal.written()
  screen.draw(lines.with(4, 'changed'))
  expect(terminal.written() - first).toBeLessThan(first / 4)
})

test('notes stay above the frame', () => {
  const { terminal, screen } = open()
  screen.draw(['head', 'a'])
  screen.note('warning: slow')
  screen.draw(['head', 'b'])
  expect(terminal.text()).toBe('before\nwarning: slow\nhead\nb')
})

test('hides the cursor while it draws and gives it back', () => {
  const { terminal, screen } = open()
  screen.draw(['a'])
  expect(terminal.cursorShown()).toBe(false)
  screen.close()
  expect(terminal.cursorShown()).toBe(true)
  expect(terminal.text()).toBe('before\na')
})

test('a change of width draws all anew', () => {
  const { terminal, screen, size } = open()
  screen.draw(['head', 'a'])
  size.columns = 80
  screen.draw(['head', 'a'])
  expect(terminal.text()).toBe('before\nhead\na')
})
