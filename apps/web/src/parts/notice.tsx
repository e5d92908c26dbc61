import { ProblemError, ServerUnreachableError } from '@flotilla/client'
import type { ReactNode } from 'react'

/** Where nothing is yet: what would be here, and how it comes about. */
export const Empty = ({ title, children }: Readonly<{ title: string; children?: ReactNode }>) => (
  <div className="panel px-4 py-8 text-center">
    <p className="text-lead">{title}</p>
    <div className="mx-auto mt-1 max-w-prose text-muted">{children}</div>
  </div>
)

/** A failure in words, with what to do. */
export function Problem({ error, what }: Readonly<{ error: unknown; what: string }>) {
  const details = error instanceof ProblemError ? (error.problem.errors ?? []) : []
  return (
    <div role="alert" className="panel border-bad px-4 py-3">
      <p className="text-bad">{what}</p>
      <p className="mt-1 [overflow-wrap:anywhere]">{adviceOf(error)}</p>
      {details.length > 0 && (
        <ul className="mt-1 list-disc ps-5">
          {details.slice(0, 8).map((issue) => (
            <li key={`${issue.path} ${issue.message}`}>
              <code>{issue.path}</code> {issue.message}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function adviceOf(error: unknown): string {
  if (error instanceof ServerUnreachableError) return 'The server does not answer. It is asked again until it does.'
  return error instanceof Error ? error.message : String(error)
}

/** Keeps its place while something is read, so that nothing jumps when it comes. */
export const Loading = ({ what }: Readonly<{ what: string }>) => (
  <p role="status" className="px-4 py-8 text-center text-muted">
    Reading {what} …
  </p>
)
