import { isDependencyLine, readDependencyLine, splitDependencies } from './plan-text-depends.ts'

/** One line of a plan in its plain form. `line` counts from 1. */
export type PlanLine = Readonly<{ line: number; text: string }> &
  (
    | HeaderLine
    | Readonly<{ kind: 'result'; number: number }>
    | Readonly<{ kind: 'depends'; numbers: readonly number[] }>
    | Readonly<{ kind: 'error'; message: string }>
    | Readonly<{ kind: 'beneath' | 'blank' | 'other' }>
  )

/** `dependsOn` is null where the header says nothing of dependencies. */
export type HeaderLine = {
  kind: 'task'
  line: number
  text: string
  number: number
  role: string
  title: string
  dependsOn: readonly number[] | null
}

// All expressions below are anchored and see lines with single spaces: neighbouring `\s*` on long blanks are cubic.
const BULLET = '(?:[-*+•] |\\d{1,6}[.)] )?'
const HEADER = new RegExp(`^${BULLET}(?<bold>\\*\\*|__)?task ?#?(?<number>\\d{1,6})(?!\\d)(?<rest>.*)$`, 'i')
const ROLE =
  /^(?:\*\*|__)? ?[:.)\-–—]? ?(?:\*\*|__)? ?[`*_]{0,3}@(?<role>[^\s`*,:–—]+)[`*]{0,3} ?(?:[-–—:] ?)?(?<title>.*)$/
const CLOSED = /^ ?[:.]? ?(?:\*\*|__)/
const RESULT = new RegExp(
  `^${BULLET}(?:\\*\\*)?result(?:\\*\\*)? ?: ?(?:\\*\\*)? ?(?:task )?#?t?(\\d{1,6})(?:\\*\\*)? ?\\.?$`,
  'i',
)
const IGNORED = /^(?:```.*|~~~.*|#{1,6} .*|-{3,}|\*{3,}|_{3,})$/

/**
 * A header is a task if it stands no deeper than the header before it: so an indented "Task 2: …" belongs to the
 * instructions of the task above, and a whole list of tasks may be indented.
 */
export function* readLines(text: string): Generator<PlanLine> {
  let indent = Number.POSITIVE_INFINITY
  let line = 0
  for (const raw of text.split(/\r\n|\r|\n/)) {
    line++
    const at = { line, text: raw }
    const depth = widthOf(/^[ \t]*/.exec(raw)?.[0] ?? '')
    const plain = raw.replace(/\s+/g, ' ').trim()
    const header = depth <= indent ? HEADER.exec(plain)?.groups : undefined
    if (header === undefined) {
      yield { ...at, ...readOther(plain, depth > indent) }
      continue
    }
    indent = depth
    yield readHeader(header, at)
  }
}

const widthOf = (blanks: string): number => blanks.replaceAll('\t', '    ').length

function readOther(plain: string, beneath: boolean) {
  if (plain === '') return { kind: 'blank' as const }
  if (beneath && isDependencyLine(plain)) return { kind: 'depends' as const, numbers: readDependencyLine(plain) ?? [] }
  if (beneath) return { kind: 'beneath' as const }
  const result = RESULT.exec(plain)?.[1]
  if (result !== undefined) return { kind: 'result' as const, number: Number(result) }
  return IGNORED.test(plain) ? { kind: 'blank' as const, text: '' } : { kind: 'other' as const }
}

function readHeader(header: Record<string, string>, at: { line: number; text: string }): PlanLine {
  const number = Number(header['number'])
  const said = header['rest'] ?? ''
  const found = ROLE.exec(said)?.groups
  if (found === undefined)
    return {
      ...at,
      kind: 'error',
      message: `expected a role after "Task ${number}:", as in "Task ${number}: @writer - …"`,
    }
  const wholeLineBold = header['bold'] !== undefined && !CLOSED.test(said)
  const rest = wholeLineBold ? (found['title'] ?? '').replace(/(?:\*\*|__)$/, '') : (found['title'] ?? '')
  const { title, dependsOn, unread } = splitDependencies(rest)
  if (unread !== null)
    return { ...at, kind: 'error', message: `expected task numbers after "depends on", found "${unread}"` }
  return { ...at, kind: 'task', number, role: (found['role'] ?? '').toLowerCase(), title, dependsOn }
}
