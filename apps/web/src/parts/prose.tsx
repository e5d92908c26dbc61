import { lazy, Suspense } from 'react'

const SafeMarkdown = lazy(() => import('./markdown.tsx'))

/** Markdown, and until its reader has come the text itself. */
export const Prose = ({ text }: Readonly<{ text: string }>) => (
  <Suspense fallback={<p className="whitespace-pre-wrap">{text}</p>}>
    <SafeMarkdown text={text} />
  </Suspense>
)
