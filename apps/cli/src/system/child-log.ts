import { closeSync, copyFileSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync } from 'node:fs'
import path from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import type { Log } from '@flotilla/runtime'
import { oneLine } from '../live/terminal-text.ts'

export interface ChildLog {
  /** For the child's output, opened to append. */
  readonly fd: number
  /**
   * Why the process that wrote until now seems to have ended, by its words of the last seconds; null when it had none. What
   * is written from now on is the next process's.
   */
  takeLastWords(): LastWords | null
  /** It has said, in this start or an earlier one, that it is ready to work. */
  wasReady(): boolean
  /** Reads what was written since the last time. */
  read(): void
  close(): void
}

/** `told`: it was passed on as a warning already. */
export type LastWords = Readonly<{ text: string; told: boolean }>

export interface ChildLogOptions {
  readonly dataDir: string
  readonly name: string
  /** Gets warnings and errors. */
  readonly log: Log
  readonly limitBytes?: number
  /** Milliseconds since some moment. */
  readonly now?: () => number
}

const LIMIT_BYTES = 10_000_000
const READ_EVERY_MS = 200
const CHUNK_BYTES = 65_536
const KEPT_LINES = 60
/** What was written earlier is not why a process ends. */
const LAST_MS = 5_000
const READY_LINE = /^\{"event":"(?:ready|listening)"/
const WARN = 40
const ERROR = 50

/**
 * A child's log: the child writes to the file itself, so that it never waits for this process; this process reads along,
 * passes warnings on, and empties the file into `<name>.log.1` when it has grown too large. That is safe because the child
 * appends; what it writes between the last read and the emptying is lost.
 */
export function openChildLog({ dataDir, name, log, ...limits }: ChildLogOptions): ChildLog {
  const { limitBytes = LIMIT_BYTES, now = () => performance.now() } = limits
  const file = path.join(dataDir, 'logs', `${name}.log`)
  mkdirSync(path.dirname(file), { recursive: true })
  const fd = openSync(file, 'a+', 0o600)
  let words: (LastWords & Readonly<{ at: number }>)[] = []
  let wasReady = false
  const lines = createLineReader(fd, (line) => {
    wasReady ||= READY_LINE.test(line)
    const word = pass(line, name, log)
    if (word !== null) words.push({ ...word, at: now() })
    if (words.length > KEPT_LINES) words.shift()
  })
  const read = (): void => {
    lines.read()
    if (lines.position() <= limitBytes) return
    copyFileSync(file, `${file}.1`)
    ftruncateSync(fd)
    lines.restart()
  }
  const timer = setInterval(read, READ_EVERY_MS)
  timer.unref()
  return {
    fd,
    takeLastWords() {
      const last = words.filter(({ at }) => now() - at <= LAST_MS)
      words = []
      const cause = causeOf(last.map(({ text }) => text))
      return cause === null ? null : { text: cause, told: last.some(({ text, told }) => told && text === cause) }
    },
    wasReady: () => wasReady,
    read,
    close() {
      clearInterval(timer)
      lines.read()
      closeSync(fd)
    },
  }
}

function createLineReader(
  fd: number,
  take: (line: string) => void,
): { read(): void; position(): number; restart(): void } {
  let position = fstatSync(fd).size
  let rest = ''
  let decoder = new StringDecoder('utf8')
  const buffer = Buffer.alloc(CHUNK_BYTES)
  return {
    read() {
      for (
        let bytes = readSync(fd, buffer, 0, CHUNK_BYTES, position);
        bytes > 0;
        bytes = readSync(fd, buffer, 0, CHUNK_BYTES, position)
      ) {
        position += bytes
        const lines = (rest + decoder.write(buffer.subarray(0, bytes))).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) take(line)
      }
    },
    position: () => position,
    restart() {
      position = 0
      rest = ''
      decoder = new StringDecoder('utf8')
    },
  }
}

/** Passes a warning on. Answers what may tell why the process ends: trouble, or a line of Node's own, such as of a stack. */
function pass(line: string, name: string, log: Log): LastWords | null {
  if (line.trim() === '') return null
  const record = parseRecord(line)
  if (record === null) return { text: line, told: false }
  const { level, msg, time: _time, pid: _pid, name: _name, ...fields } = record
  if (typeof level !== 'number' || level < WARN) return null
  const text = oneLine(typeof msg === 'string' ? msg : '')
  log[level >= ERROR ? 'error' : 'warn']({ process: name, ...fields }, text)
  const { err } = fields
  const cause = typeof err === 'object' && err !== null && 'message' in err ? String(err.message) : ''
  return { text: oneLine(cause === '' || text.includes(cause) ? text : `${text}: ${cause}`), told: true }
}

/** A program's own last message, with the lines that belong to it. */
const OWN_MESSAGE = /^flotilla [a-z]+: (.*)$/
const ERROR_LINE = /^(?:Uncaught )?[A-Z]\w*(?:Error|Exception)\b.*/
const STACK_LINE = /^\s+at |^Node\.js v/

/** The line among a process's last ones that says why it ended: its own message, else the error of a crash, else the last. */
export function causeOf(lines: readonly string[]): string | null {
  const own = lines.findLastIndex((line) => OWN_MESSAGE.test(line))
  if (own >= 0) {
    const message = [OWN_MESSAGE.exec(lines[own] ?? '')?.[1] ?? '', ...lines.slice(own + 1)]
    return oneLine(message.filter((line) => !STACK_LINE.test(line)).join('; '))
  }
  const told = lines.filter((line) => !STACK_LINE.test(line))
  const cause = told.findLast((line) => ERROR_LINE.test(line)) ?? told.at(-1)
  return cause === undefined ? null : oneLine(cause)
}

function parseRecord(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}
