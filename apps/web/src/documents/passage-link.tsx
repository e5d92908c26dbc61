import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

type PassageLinkProps = Readonly<{
  runId: string
  document: string
  /** `12` or `12-14`. */
  lines: string
  /** Offsets of what is quoted, as `310-388`. */
  quote?: string
  children: ReactNode
}>

/** Leads to the lines of a document that a citation names. */
export const PassageLink = ({ runId, document, lines, quote, children }: PassageLinkProps) => (
  <Link
    to="/runs/$runId/documents"
    params={{ runId }}
    search={{ name: document, lines, ...(quote !== undefined && { quote }) }}
    className="text-accent underline"
  >
    {children}
  </Link>
)
