import { useEffect, type ReactNode } from 'react'

export type PageProps = Readonly<{ title: string; actions?: ReactNode; children: ReactNode; lead?: ReactNode }>

/** The frame of every page: its title, what can be done, and its content. */
export function Page({ title, actions, lead, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Flotilla`
  }, [title])
  return (
    <div className="mx-auto flex w-full max-w-[1500px] flex-col gap-3 px-3 py-3 sm:px-5 sm:py-4">
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2">
        <h1 className="min-w-[min(100%,14rem)] flex-1 text-lead [overflow-wrap:anywhere] sm:text-title">{title}</h1>
        {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </div>
      {lead}
      {children}
    </div>
  )
}

export type SectionProps = Readonly<{
  title: string
  aside?: ReactNode
  /** What its words mean, for who meets them the first time. */
  lead?: ReactNode
  children: ReactNode
}>

/** A part of a page under a heading of its own. */
export const Section = ({ title, aside, lead, children }: SectionProps) => (
  <section className="panel min-w-0">
    <div className="flex min-h-9 flex-wrap items-center justify-between gap-2 border-b border-line px-3 py-1.5">
      <h2 className="font-semibold">{title}</h2>
      {aside}
    </div>
    {lead !== undefined && <p className="border-b border-line px-3 py-1.5 text-small text-muted">{lead}</p>}
    {children}
  </section>
)
