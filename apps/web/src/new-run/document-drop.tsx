import type { RunDocument } from '@flotilla/domain'
import { useRef, useState, type DragEvent } from 'react'
import { Button } from '../parts/button.tsx'
import { bytes } from '../format/quantities.ts'
import { readDocument } from './documents.ts'

export type DocumentDropProps = Readonly<{
  /** What the server found wrong with them. */
  problem: string | undefined
  documents: readonly RunDocument[]
  /** Why files were not taken; each stays until it is taken away. */
  refused: readonly string[]
  onRefused: (refused: readonly string[]) => void
  onChange: (change: (before: readonly RunDocument[]) => readonly RunDocument[]) => void
}>

/** Documents by dropping files, or by choosing them. */
export function DocumentDrop({ problem, documents, refused, onRefused, onChange }: DocumentDropProps) {
  const [over, setOver] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const add = async (files: readonly File[]): Promise<void> => {
    const read = await Promise.all(files.map(readDocument))
    onRefused([...new Set([...refused, ...read.flatMap((one) => (one.ok ? [] : [one.problem]))])])
    const added = read.flatMap((one) => (one.ok ? [one.document] : []))
    const names = new Set(added.map(({ name }) => name))
    onChange((before) => [...before.filter(({ name }) => !names.has(name)), ...added])
  }
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    void add([...event.dataTransfer.files])
  }
  return (
    <div>
      <div
        onDragOver={(event) => {
          event.preventDefault()
          setOver(true)
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
        className={`flex flex-wrap items-center gap-2 rounded-control border border-dashed px-3 py-2 ${over ? 'border-accent bg-raised' : 'border-edge'}`}
      >
        <Button data-wrong={problem === undefined ? undefined : true} onClick={() => input.current?.click()}>
          Choose files
        </Button>
        <span className="text-muted">or drop them here: text, Markdown, images, PDFs</span>
        <input
          ref={input}
          type="file"
          multiple
          aria-label="Documents"
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => {
            void add([...(event.target.files ?? [])])
            event.target.value = ''
          }}
        />
      </div>
      <DocumentList documents={documents} onChange={onChange} />
      <div role="status">
        <Refused refused={refused} onRefused={onRefused} />
        {problem !== undefined && <p className="text-bad [overflow-wrap:anywhere]">{problem}</p>}
      </div>
    </div>
  )
}

const Refused = ({ refused, onRefused }: Pick<DocumentDropProps, 'refused' | 'onRefused'>) =>
  refused.map((message) => (
    <p key={message} className="flex items-center justify-between gap-2 py-1 text-bad [overflow-wrap:anywhere]">
      {message}
      <Button
        aria-label={`Go on without it: ${message}`}
        onClick={() => onRefused(refused.filter((one) => one !== message))}
      >
        ✕
      </Button>
    </p>
  ))

const DocumentList = ({ documents, onChange }: Pick<DocumentDropProps, 'documents' | 'onChange'>) => (
  <ul>
    {documents.map((document) => (
      <li key={document.name} className="flex items-center justify-between gap-2 border-b border-line py-1 ps-3">
        <span className="truncate">{document.name}</span>
        <span className="flex shrink-0 items-center gap-2 text-muted">
          {bytes(sizeOf(document))}
          <Button
            aria-label={`Take ${document.name} away`}
            onClick={() => onChange((before) => before.filter(({ name }) => name !== document.name))}
          >
            ✕
          </Button>
        </span>
      </li>
    ))}
  </ul>
)

const sizeOf = (document: RunDocument): number =>
  document.data === undefined ? new Blob([document.content]).size : Math.floor((document.data.length * 3) / 4)
