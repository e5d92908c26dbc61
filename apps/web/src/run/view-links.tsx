import type { RunView as Run } from '@flotilla/domain'
import { Link } from '@tanstack/react-router'
import { RUN_VIEWS, type RunView } from './view.ts'

const LABELS: Readonly<Record<RunView, string>> = {
  graph: 'Graph',
  tasks: 'Tasks',
  timeline: 'Timeline',
  board: 'Board',
  events: 'Events',
  result: 'Result',
  explain: 'Explain',
  cost: 'Cost',
  plan: 'Plan',
}

export const ViewLinks = ({ run }: Readonly<{ run: Run }>) => (
  <nav aria-label="Views of the run" className="flex gap-0.5 overflow-x-auto border-b border-line">
    {RUN_VIEWS.map((one) => (
      <Link
        key={one}
        to="/runs/$runId"
        params={{ runId: run.id }}
        search={one === 'graph' ? {} : { view: one }}
        activeOptions={{ exact: true, includeSearch: true }}
        resetScroll={false}
        className="border-b-2 border-transparent px-2.5 py-1.5 whitespace-nowrap text-muted hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink"
      >
        {LABELS[one]}
      </Link>
    ))}
  </nav>
)
