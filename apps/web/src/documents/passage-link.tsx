import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { linesInAddress } from './passage.ts'

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
    search={{ name: document, lines: linesInAddress(lines), ...(quote !== undefined && { quote }) }}
    // The passage comes into sight by itself, and at once where the document has been read before.
    resetScroll={false}
    className="text-accent underline"
  >
    {children}
  </Link>
)
