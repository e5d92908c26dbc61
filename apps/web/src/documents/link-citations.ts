import { findCitations } from '@flotilla/domain'
import { linesText } from './passage.ts'
import type { Sources } from './sources.ts'

/** As much of Markdown's syntax tree as is looked at. */
export type MarkdownNode = {
  type: string
  value?: string
  children?: MarkdownNode[]
  data?: { hName: string; hProperties: Readonly<Record<string, string>> }
}

/**
 * Turns the markers of citations, `[name.md:12-14]`, into elements `cite` that say where they lead; those of documents that the
 * run does not have stay text, and so do those in code and in links. No text can make such an element itself.
 */
export const linkCitations =
  (sources: Sources) =>
  (tree: MarkdownNode): void =>
    linkWithin(tree, sources)

const LINKS: ReadonlySet<string> = new Set(['link', 'linkReference'])

function linkWithin(node: MarkdownNode, sources: Sources): void {
  if (LINKS.has(node.type) || node.children === undefined) return
  node.children = node.children.flatMap((child) => {
    // HTML is shown as text, and what begins with a tag is HTML to its line's end.
    if (child.type === 'text' || child.type === 'html') return splitText(child.value ?? '', sources)
    linkWithin(child, sources)
    return [child]
  })
}

function splitText(text: string, { runId, names }: Sources): MarkdownNode[] {
  const nodes: MarkdownNode[] = []
  let from = 0
  for (const { marker, document, startLine, endLine, at } of findCitations(text)) {
    if (!names.has(document)) continue
    if (at > from) nodes.push({ type: 'text', value: text.slice(from, at) })
    const hProperties = { dataRun: runId, dataDocument: document, dataLines: linesText(startLine, endLine) }
    nodes.push({ type: 'citation', data: { hName: 'cite', hProperties }, children: [{ type: 'text', value: marker }] })
    from = at + marker.length
  }
  if (from < text.length) nodes.push({ type: 'text', value: text.slice(from) })
  return nodes
}
