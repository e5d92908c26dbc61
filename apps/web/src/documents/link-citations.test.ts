import { expect, test } from 'vitest'
import { linkCitations, type MarkdownNode } from './link-citations.ts'

const sources = { runId: 'run_1', names: new Set(['a.md', 'notes/day 1.md']) }
const linked = (node: MarkdownNode): MarkdownNode => {
  linkCitations(sources)(node)
  return node
}
const paragraph = (...children: MarkdownNode[]): MarkdownNode => ({ type: 'paragraph', children })
const text = (value: string): MarkdownNode => ({ type: 'text', value })
const cite = (marker: string, dataDocument: string, dataLines: string): MarkdownNode => ({
  type: 'citation',
  data: { hName: 'cite', hProperties: { dataRun: 'run_1', dataDocument, dataLines } },
  children: [text(marker)],
})

test('markers of documents that the run has become links, wherever they stand', () => {
  const tree = paragraph(text('So [a.md:3], and [notes/day 1.md:4-6][a.md:9].'), {
    type: 'strong',
    children: [text('[a.md:1]')],
  })
  expect(linked(tree)).toEqual(
    paragraph(
      text('So '),
      cite('[a.md:3]', 'a.md', '3'),
      text(', and '),
      cite('[notes/day 1.md:4-6]', 'notes/day 1.md', '4-6'),
      cite('[a.md:9]', 'a.md', '9'),
      text('.'),
      { type: 'strong', children: [cite('[a.md:1]', 'a.md', '1')] },
    ),
  )
})

test('what begins with HTML is text, with its citations', () =>
  expect(linked({ type: 'listItem', children: [{ type: 'html', value: '<b>So</b> it is. [a.md:2]' }] })).toEqual({
    type: 'listItem',
    children: [text('<b>So</b> it is. '), cite('[a.md:2]', 'a.md', '2')],
  }))

test.each([
  ['of a document that is not there', paragraph(text('See [b.md:3].'))],
  ['in code', paragraph({ type: 'inlineCode', value: '[a.md:3]' })],
  ['in a link', paragraph({ type: 'link', children: [text('[a.md:3]')] })],
])('a marker %s stays what it is', (_where, tree) => {
  expect(linked(structuredClone(tree))).toEqual(tree)
})
