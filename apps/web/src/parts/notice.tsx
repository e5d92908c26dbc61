import { ProblemError, ServerUnreachableError } from '@flotilla/client'
import type { Issue } from '@flotilla/domain'
import type { ReactNode } from 'react'
import { sessionAdvice } from '../api/session-words.ts'
import { issueWords } from '../format/issue-words.ts'
import { pointerWords } from '../format/pointer-words.ts'
import { sentence } from '../format/sentence.ts'

/** Where nothing is yet: what would be here, and how it comes about. */
export const Empty = ({ title, children }: Readonly<{ title: string; children?: ReactNode }>) => (
  <div className="panel px-4 py-8 text-center">
    <p className="text-lead">{title}</p>
    <div className="mx-auto mt-1 max-w-prose text-muted">{children}</div>
  </div>
)

export type ProblemProps = Readonly<{
  error: unknown
  what: string
  /** Reads are asked again by themselves, writes are not. */
  of?: 'read' | 'write'
  /** What to do, where it can be said better than by the failure's own words. */
  advice?: string | null
  /** Those of what the server found that are not told elsewhere; all of them where nothing is said. */
  issues?: readonly Issue[]
}>

const ISSUES_SHOWN = 8

/** A failure in words, with what to do, and what the server's log has it under. */
export function Problem({ error, what, of = 'read', advice = null, issues }: ProblemProps) {
  const problem = error instanceof ProblemError ? error.problem : null
  const found = problem?.errors ?? []
  const told = issues ?? found
  const more = told.length - ISSUES_SHOWN
  return (
    <div role="alert" className="panel border-bad px-4 py-3">
      <p className="text-bad">{what}</p>
      {/* What the detail of a refused input says is its first issue over again, with the path as programs write it. */}
      {(found.length === 0 || problem?.code !== 'invalid_input') && (
        <p className="mt-1 [overflow-wrap:anywhere]">{advice ?? sentence(adviceOf(error, of))}</p>
      )}
      {told.length < found.length && <p className="mt-1">See what is marked.</p>}
      {told.length > 0 && (
        <ul className="mt-1 list-disc ps-5 [overflow-wrap:anywhere]">
          {told.slice(0, ISSUES_SHOWN).map(({ path, message }) => (
            <li key={`${path} ${message}`}>{sentence(`${pointerWords(path)}${issueWords(message)}`)}</li>
          ))}
          {more > 0 && <li>{more} more</li>}
        </ul>
      )}
      {problem?.requestId !== undefined && (
        <p className="mt-1 text-small text-muted [overflow-wrap:anywhere]">
          Request id, by which the server’s log has it: <code>{problem.requestId}</code>
        </p>
      )}
    </div>
  )
}

const UNREACHABLE = {
  read: 'The server does not answer. It is asked again until it does.',
  write:
    'No answer came from the server, so this may have been done or not. It is not sent again by itself: once the server answers, see what is there, and repeat what is missing.',
} as const

function adviceOf(error: unknown, of: 'read' | 'write'): string {
  if (error instanceof ServerUnreachableError) return UNREACHABLE[of]
  return sessionAdvice(error) ?? (error instanceof Error ? error.message : String(error))
}

/** Keeps its place while something is read, so that little jumps when it comes: as many lines as are likely. */
export const Loading = ({ what, lines = 8 }: Readonly<{ what: string; lines?: number }>) => (
  <div className="panel overflow-hidden">
    <p role="status" className="px-3 py-2 text-muted">
      Reading {what} …
    </p>
    <div aria-hidden="true" className="animate-pulse">
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} className="flex h-12 items-center justify-between gap-8 border-t border-line px-3">
          <span className={`h-3 rounded bg-raised ${['w-2/5', 'w-3/5', 'w-1/2'][i % 3]}`} />
          <span className="h-3 w-16 rounded bg-raised" />
        </div>
      ))}
    </div>
  </div>
)
