import { DocumentList } from '../documents/document-list.tsx'
import type { RunViewProps } from './run-page.tsx'

/** What the run was given to read. */
export default function Documents({ live: { run } }: RunViewProps) {
  return <DocumentList runId={run.id} />
}
