import { asksForDisagreement } from '@flotilla/llm'
import { MAX_RESULT_CHARS } from '../tools/call-tool.ts'

/** Tokens of a page of `read_document`: what its result may hold, less the room for escapes. */
export const PAGE_TOKENS = (MAX_RESULT_CHARS * 0.8) / 4
/** The numbers of its lines make a text longer. */
const NUMBERED = 1.2
/** What an agent reads: documents that its task names, all of them where it holds them against each other, pages of one. */
const MAX_NAMED = 3
const MAX_ALL = 24
const MAX_PAGES = 4

export type Text = Readonly<{ name: string; tokens: number }>
type Task = Readonly<{ type?: string | undefined; title?: string | undefined; instructions: string }>

/** Tokens of the documents that a task reads page by page, a number each. */
export function documentsRead(task: Task, goal: string, documents: readonly Text[]): number[] {
  const all = task.type !== 'extract' && asksForDisagreement(`${goal}\n${task.title ?? ''}`)
  const words = `${task.title ?? ''}\n${task.instructions}`
  const named = documents.filter(({ name }) => words.includes(name))
  const read = all ? (named.length > 1 ? named : documents).slice(0, MAX_ALL) : named.slice(0, MAX_NAMED)
  return read.map(({ tokens }) => tokens)
}

/** Where no plan names them: each document in one of so many tasks. */
export const spread = (documents: readonly Text[], tasks: number): number[][] =>
  Array.from({ length: tasks }, (_, i) =>
    documents
      .filter((_document, at) => at % tasks === i)
      .slice(0, MAX_NAMED)
      .map(({ tokens }) => tokens),
  )

/**
 * What reading adds to the two calls of a task that looks into documents: a call for each further page, side by side in all
 * documents, and in each call the pages before it. `known`: tokens of passages that are counted for its second call anyway.
 */
export function readingCosts(documents: readonly number[], known: number): Readonly<{ calls: number; tokens: number }> {
  const numbered = documents.map((tokens) => tokens * NUMBERED)
  const pages = Math.min(MAX_PAGES, Math.ceil(Math.max(0, ...numbered) / PAGE_TOKENS))
  const sent = Array.from({ length: pages }, (_, page) =>
    numbered.reduce((sum, tokens) => sum + Math.min(tokens, (page + 1) * PAGE_TOKENS), 0),
  )
  const tokens = sent.reduce((sum, one, page) => sum + (page === 0 ? Math.max(0, one - known * NUMBERED) : one), 0)
  return { calls: Math.max(0, pages - 1), tokens: Math.round(tokens) }
}
