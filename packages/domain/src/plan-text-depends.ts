const WORDS = '(?:depends on|dependencies|dependency|requires|needs|blocked by|after)'
const IN_GROUP = new RegExp(`^ ?(?<word>${WORDS})\\b ?:?(?<refs>.*)$`, 'i')
const AS_LINE = new RegExp(`^(?:[-*+•] )?${WORDS}\\b ?:? ?(?<refs>.*)$`, 'i')
const SUFFIX_WORD = /\b(?<word>depends on|dependencies|after)\b ?:?/gi
const REFERENCE = /^(?<named>tasks? ?)?#?t?(?<from>\d{1,6})(?: ?(?:-|–|to|through) ?(?:tasks? ?)?#?t?(?<to>\d{1,6}))?$/i
const NOTHING = /^(?:nothing|none|no tasks?|n\/a|-|–|—)?$/i
const SEPARATOR = /,|;|&|\+|\band\b/i
const RANGE_MAX = 10_000

/** What a task's text says of dependencies; `unread` is a "(depends on …)" that names no tasks. */
export type SplitText = Readonly<{ title: string; dependsOn: number[] | null; unread: string | null }>

/** A header's text, blanks already single, without the dependencies at its end. Linear in its length. */
export function splitDependencies(text: string): SplitText {
  const whole = text.trim()
  return fromGroup(whole) ?? fromSuffix(whole) ?? { title: whole, dependsOn: null, unread: null }
}

function fromGroup(whole: string): SplitText | null {
  const end = whole.endsWith('.') ? whole.slice(0, -1).trimEnd() : whole
  if (!end.endsWith(')') && !end.endsWith(']')) return null
  const open = Math.max(end.lastIndexOf('('), end.lastIndexOf('['))
  const group = open < 0 ? undefined : IN_GROUP.exec(end.slice(open + 1, -1))?.groups
  if (group === undefined) return null
  const refs = (group['refs'] ?? '').trim()
  const dependsOn = numbersIn(refs)
  // "(after hours)" is a title's own parenthesis; "(depends on the weather)" is a mistake to tell.
  if (dependsOn === null && group['word']?.toLowerCase() !== 'depends on') return null
  return { title: end.slice(0, open).trimEnd(), dependsOn, unread: dependsOn === null ? refs : null }
}

/** Without parentheses: "…, depends on: 1, 2" and "… after Task 1"; "after 3" may be anything, it needs the word "Task". */
function fromSuffix(whole: string): SplitText | null {
  const last = [...whole.matchAll(SUFFIX_WORD)].at(-1)
  if (last === undefined) return null
  const refs = whole.slice(last.index + last[0].length).trim()
  const bare = last.groups?.['word']?.toLowerCase() !== 'after'
  const dependsOn = refs !== '' && (bare || /^task/i.test(refs)) && !NOTHING.test(refs) ? numbersIn(refs) : null
  if (dependsOn === null) return null
  return { title: withoutTail(whole.slice(0, last.index)), dependsOn, unread: null }
}

/** A loop, since /[…]+$/ is quadratic on text that holds long runs of these signs before its end. */
function withoutTail(text: string): string {
  let end = text.length
  while (end > 0 && ' ,;.–—-('.includes(text.charAt(end - 1))) end--
  return text.slice(0, end)
}

/** A line beneath a task that says nothing but its dependencies, blanks already single: their numbers. */
export function readDependencyLine(line: string): number[] | null {
  const refs = AS_LINE.exec(line)?.groups?.['refs']
  return refs === undefined || refs === '' ? null : numbersIn(refs)
}

/** Whether a line beneath a task is read as its dependencies instead of as instructions. */
export const isDependencyLine = (line: string): boolean => readDependencyLine(line.replace(/\s+/g, ' ').trim()) !== null

/** "Task 1, 3 and 5-7" as numbers, [] for "nothing"; null when it is something else. */
function numbersIn(refs: string): number[] | null {
  const text = refs.endsWith('.') ? refs.slice(0, -1).trim() : refs.trim()
  if (NOTHING.test(text)) return []
  const numbers = new Set<number>()
  for (const part of text.replace(/, ?and\b/gi, ',').split(SEPARATOR)) {
    const found = REFERENCE.exec(part.trim())?.groups
    if (found === undefined) return null
    const from = Number(found['from'])
    const to = found['to'] === undefined ? from : Number(found['to'])
    if (to < from || to - from > RANGE_MAX || numbers.size > RANGE_MAX) return null
    for (let n = from; n <= to; n++) numbers.add(n)
  }
  return [...numbers]
}
