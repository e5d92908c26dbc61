import { useEffect, useMemo, useRef, useState, type RefObject } from 'react'
import { count, plural } from '../format/quantities.ts'
import { Button } from '../parts/button.tsx'
import { Section } from '../parts/page.tsx'
import { lineParts, linesOf, type Line, type Passage } from './passage.ts'

/** Lines that are shown at first, and that come with each further step. */
const STEP = 1_000
const BEFORE = 200

type DocumentTextProps = Readonly<{ content: string; passage: Passage | null }>

/** A document's lines with their numbers, as text whatever they hold; those of the passage stand out and are in sight. */
export function DocumentText({ content, passage }: DocumentTextProps) {
  const lines = useMemo(() => linesOf(content), [content])
  const [first, setFirst] = useState(() => Math.max(1, Math.min(passage?.startLine ?? 1, lines.length) - BEFORE))
  const [last, setLast] = useState(first + STEP - 1)
  const cited = useRef<HTMLDivElement>(null)
  // It may answer a promise, which is no cleanup.
  useEffect(() => void cited.current?.scrollIntoView({ block: 'center' }), [])
  return (
    <Section title="Text" aside={<PassageNote passage={passage} lines={lines.length} />}>
      {first > 1 && <More onMore={() => setFirst(Math.max(1, first - STEP))}>Show earlier lines</More>}
      <div className="py-1 font-mono text-small">
        {lines.slice(first - 1, last).map((line) => (
          <ShownLine
            key={line.number}
            line={line}
            passage={passage}
            {...(line.number === passage?.startLine && { innerRef: cited })}
          />
        ))}
      </div>
      {last < lines.length && <More onMore={() => setLast(last + STEP)}>Show further lines</More>}
    </Section>
  )
}

const More = ({ onMore, children }: Readonly<{ onMore: () => void; children: string }>) => (
  <div className="px-3 py-2">
    <Button onClick={onMore}>{children}</Button>
  </div>
)

function PassageNote({ passage, lines }: Readonly<{ passage: Passage | null; lines: number }>) {
  if (passage === null) return null
  const { startLine, endLine } = passage
  return (
    <p role="status" className="text-small text-muted">
      {endLine > lines
        ? `It has ${plural(lines, 'line')}; line ${endLine} is cited.`
        : startLine === endLine
          ? `Line ${startLine} is cited.`
          : `Lines ${startLine} to ${endLine} are cited.`}
    </p>
  )
}

type ShownLineProps = Readonly<{
  line: Line
  passage: Passage | null
  innerRef?: RefObject<HTMLDivElement | null>
}>

function ShownLine({ line, passage, innerRef }: ShownLineProps) {
  const within = passage !== null && line.number >= passage.startLine && line.number <= passage.endLine
  const { left, right, before, quoted, after } = lineParts(line, within ? passage.quote : null)
  return (
    <div
      ref={innerRef}
      className={`flex gap-3 border-s-2 px-2 ${within ? 'border-accent bg-raised' : 'border-transparent'}`}
    >
      <span aria-hidden="true" className="numeric w-[5ch] shrink-0 text-end text-muted select-none">
        {line.number}
      </span>
      <span className="min-h-4 min-w-0 whitespace-pre-wrap [overflow-wrap:anywhere]">
        {left > 0 && <Cut chars={left} />}
        {before}
        {quoted !== '' && <mark className="bg-accent text-on-accent">{quoted}</mark>}
        {after}
        {right > 0 && <Cut chars={right} />}
      </span>
    </div>
  )
}

const Cut = ({ chars }: Readonly<{ chars: number }>) => (
  <em className="text-muted"> [{count(chars)} more characters] </em>
)
