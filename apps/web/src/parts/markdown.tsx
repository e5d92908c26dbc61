import Markdown, { type Components } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { linkCitations } from '../documents/link-citations.ts'
import { PassageLink } from '../documents/passage-link.tsx'
import type { Sources } from '../documents/sources.ts'

/** HTML in it stays text, links of other kinds than the web's lose their target, and no picture is fetched. */
const COMPONENTS: Components = {
  a: ({ href = '', children }) =>
    href === '' ? (
      <span title="It led to no web address">{children}</span>
    ) : (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow" className="text-accent underline">
        {children}
      </a>
    ),
  img: ({ alt }) => <em>[picture{alt === undefined || alt === '' ? '' : `: ${alt}`}]</em>,
  h1: ({ children }) => <h3 className="mt-4 mb-1 text-lead font-semibold first:mt-0">{children}</h3>,
  h2: ({ children }) => <h3 className="mt-4 mb-1 text-lead font-semibold first:mt-0">{children}</h3>,
  h3: ({ children }) => <h4 className="mt-3 mb-1 font-semibold">{children}</h4>,
  h4: ({ children }) => <h4 className="mt-3 mb-1 font-semibold">{children}</h4>,
  ul: ({ children }) => <ul className="my-1.5 list-disc ps-5">{children}</ul>,
  ol: ({ children }) => <ol className="my-1.5 list-decimal ps-6">{children}</ol>,
  p: ({ children }) => <p className="my-1.5">{children}</p>,
  table: ({ children }) => (
    <div className="my-2 overflow-x-auto" tabIndex={0} role="group" aria-label="Table">
      <table className="border-collapse [overflow-wrap:normal] [&_td]:border [&_td]:border-line [&_td]:px-2 [&_td]:py-0.5 [&_td]:align-top [&_th]:border [&_th]:border-line [&_th]:bg-raised [&_th]:px-2 [&_th]:py-0.5">
        {children}
      </table>
    </div>
  ),
  // An empty one heads nothing.
  th: ({ children }) => (children === undefined ? <td /> : <th>{children}</th>),
  pre: ({ children }) => (
    <pre tabIndex={0} className="my-2 overflow-x-auto rounded-control bg-raised p-2">
      {children}
    </pre>
  ),
  blockquote: ({ children }) => (
    <blockquote className="my-2 border-s-2 border-line ps-3 text-muted">{children}</blockquote>
  ),
  // Only `linkCitations` makes one, since HTML stays text.
  cite: ({ node, children }) => {
    const { dataRun, dataDocument, dataLines } = node?.properties ?? {}
    return (
      <PassageLink runId={String(dataRun)} document={String(dataDocument)} lines={String(dataLines)}>
        {children}
      </PassageLink>
    )
  },
  hr: () => <hr className="my-3 border-line" />,
}

/**
 * What a model has written, as it meant it; with `sources` its citations lead to their passages. Read with the page that shows
 * it: text that turns into another layout would jump.
 */
export const Prose = ({ text, sources }: Readonly<{ text: string; sources?: Sources }>) => (
  <div className="max-w-[80ch] [overflow-wrap:anywhere]">
    <Markdown
      remarkPlugins={sources === undefined ? [remarkGfm] : [remarkGfm, [linkCitations, sources]]}
      components={COMPONENTS}
    >
      {text}
    </Markdown>
  </div>
)
