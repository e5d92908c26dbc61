import type { Statement } from './statements.ts'
import { topicWords } from './words.ts'

/** The mark under everything that the offline model writes as an agent. */
export const OFFLINE_LABEL = '_Simulated: written by rule by the built-in offline model; no language model took part._'

/** Stands for "nothing found"; checks of citations let an answer pass that begins with it. */
export const NOT_ANSWERED = 'The documents do not answer'

/** In a planned task's instructions the line that repeats the goal; it is no part of what the task itself asks. */
export const GOAL_LINE = 'The goal that this serves: '

/** How much of each list is shown: 1 is a good page, less when room is short. */
export type Size = number
export const upTo = (count: number, size: Size): number => Math.max(1, Math.round(count * size))

export const cite = (statement: Statement): string => [...new Set(statement.markers)].join(' ')

/** A statement with its source, as one line. */
export const quoted = (statement: Statement): string =>
  statement.markers.length === 0 ? statement.text : `${statement.text} ${cite(statement)}`

export const bullets = (statements: readonly Statement[]): string =>
  statements.map((statement) => `- ${quoted(statement)}`).join('\n')

/** Blocks of Markdown with an empty line between them; empty ones are left out. */
export const page = (blocks: readonly string[]): string => blocks.filter((block) => block.trim() !== '').join('\n\n')

export const inWords = (items: readonly string[], last = 'and'): string =>
  items.length <= 1 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1)}`

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** At most so many characters of a line, cut between words, with a sign of it; a word that long itself is cut. */
export function shortened(line: string, most: number): string {
  if (line.length <= most) return line
  const kept = line.slice(0, most)
  const end = kept.lastIndexOf(' ')
  return `${kept
    .slice(0, end < most / 2 ? most - 1 : end)
    .replace(/[\s,;:.–-]+$/, '')
    .toWellFormed()}…`
}

const MAX_ASKED_CHARS = 300

/** What was asked, short enough to be repeated. */
export function asked(question: string): string {
  const line = question.replace(/\s+/g, ' ').trim()
  return line.length <= MAX_ASKED_CHARS ? line : `${line.slice(0, MAX_ASKED_CHARS).trimEnd()}…`
}

/** The answer when there is none. It cites nothing, and says what was looked for where. */
export function notAnswered(question: string, documents: readonly string[], unknown: readonly string[]): string {
  const words = topicWords(question).slice(0, 8)
  const where =
    documents.length === 0
      ? ''
      : ` Searched: ${inWords(documents.slice(0, 12))}${documents.length > 12 ? ' and others' : ''}.`
  const named =
    unknown.length === 0
      ? ''
      : ` They never mention ${inWords(
          unknown.map((name) => `"${name}"`),
          'or',
        )}.`
  const looked = words.length === 0 ? '' : ` No sentence in them fits what was asked for: ${inWords(words)}.`
  return `${NOT_ANSWERED} this: ${asked(question)}${/[.?!…。？！]$/.test(asked(question)) ? '' : '.'}${named}${looked}${where}`
}
