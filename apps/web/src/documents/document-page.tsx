import type { DocumentView } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { bytes } from '../format/quantities.ts'
import { buttonClass } from '../parts/button.tsx'
import { Empty, Loading, Problem } from '../parts/notice.tsx'
import { Page, Section } from '../parts/page.tsx'
import { DocumentList, lengthText, typeText } from './document-list.tsx'
import { DocumentText } from './document-text.tsx'
import { passageOf } from './passage.ts'
import { useDocuments } from './sources.ts'

const route = getRouteApi('/runs/$runId/documents')

/** A document of a run as it was given, with the passage that a citation names; without a name the list of them. */
export default function DocumentPage() {
  const { runId } = route.useParams()
  const { name } = route.useSearch()
  const { data, error } = useDocuments(runId)
  if (name === undefined)
    return (
      <Page title="Documents" lead={<Around runId={runId} />}>
        <DocumentList runId={runId} />
      </Page>
    )
  const document = data?.items.find((one) => one.name === name)
  return (
    <Page
      title={name}
      lead={<Around runId={runId} {...(document && { document })} />}
      {...(document && { actions: <Download runId={runId} name={name} /> })}
    >
      {error !== null && <Problem error={error} what="The documents of the run could not be read." />}
      {data === undefined && error === null && <Loading what="the document" />}
      {data !== undefined && document === undefined && (
        <Empty title="The run has no document of this name.">
          <Link to="/runs/$runId" params={{ runId }} search={{ view: 'documents' }} className="text-accent underline">
            The run’s documents
          </Link>
        </Empty>
      )}
      {document !== undefined && <Content key={name} runId={runId} document={document} />}
    </Page>
  )
}

const Around = ({ runId, document }: Readonly<{ runId: string; document?: DocumentView }>) => (
  <div className="flex flex-wrap gap-x-4 gap-y-1 text-muted">
    <Link to="/runs/$runId" params={{ runId }} search={{ view: 'documents' }} className="text-accent underline">
      the run and its documents
    </Link>
    {document !== undefined && (
      <>
        <span>{typeText(document)}</span>
        <span className="numeric">{lengthText(document)}</span>
        <span className="numeric">{bytes(document.sizeBytes)}</span>
      </>
    )}
  </div>
)

const addressOf = (runId: string, name: string): string =>
  `/v1/runs/${encodeURIComponent(runId)}/documents/${encodeURIComponent(name)}`

const Download = ({ runId, name }: Readonly<{ runId: string; name: string }>) => (
  <a className={buttonClass()} href={addressOf(runId, name)} download>
    Download
  </a>
)

function Content({ runId, document }: Readonly<{ runId: string; document: DocumentView }>) {
  if (document.mediaType === null) return <Text runId={runId} name={document.name} />
  if (!document.mediaType.startsWith('image/'))
    return <Empty title="It has no text to show.">The agents were shown it as it is; download it to read it.</Empty>
  return (
    <Section title="Picture">
      <img src={addressOf(runId, document.name)} alt={document.name} className="max-h-[70vh] max-w-full p-3" />
    </Section>
  )
}

function Text({ runId, name }: Readonly<{ runId: string; name: string }>) {
  const search = route.useSearch()
  const { data, error } = useQuery({
    queryKey: ['documents', runId, name],
    queryFn: ({ signal }) => client.documents.text(runId, name, { signal }),
    staleTime: Infinity,
  })
  if (error !== null) return <Problem error={error} what="The document could not be read." />
  if (data === undefined) return <Loading what="the document" />
  return <DocumentText key={search.lines ?? ''} content={data} passage={passageOf(search)} />
}
