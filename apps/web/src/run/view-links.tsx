import type { RunView as Run } from '@flotilla/domain'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { RUN_VIEWS, defaultView, type RunView } from './view.ts'

const LABELS: Readonly<Record<RunView, string>> = {
  graph: 'Graph',
  tasks: 'Tasks',
  timeline: 'Timeline',
  board: 'Board',
  events: 'Events',
  result: 'Result',
  documents: 'Documents',
  explain: 'Explain',
  cost: 'Cost',
  plan: 'Plan',
}

const route = getRouteApi('/runs/$runId')

/** Where they are wider than the page, the one that is shown is in sight. */
export function ViewLinks({ run }: Readonly<{ run: Run }>) {
  const standard = defaultView(run)
  const { view = standard } = route.useSearch()
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    const link = nav.current?.querySelector<HTMLElement>('[aria-current="page"]')
    if (link && nav.current) nav.current.scrollLeft = link.offsetLeft - (nav.current.clientWidth - link.offsetWidth) / 2
  }, [view])
  return (
    <nav ref={nav} aria-label="Views of the run" className="relative flex gap-0.5 overflow-x-auto border-b border-line">
      {RUN_VIEWS.map((one) => (
        <Link
          key={one}
          to="/runs/$runId"
          params={{ runId: run.id }}
          search={one === 'graph' && standard === 'graph' ? {} : { view: one }}
          aria-current={one === view ? 'page' : undefined}
          activeOptions={{ exact: true, includeSearch: true }}
          resetScroll={false}
          className="border-b-2 border-transparent px-2.5 py-1.5 whitespace-nowrap text-muted hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink"
        >
          {LABELS[one]}
        </Link>
      ))}
    </nav>
  )
}
