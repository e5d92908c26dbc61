import type { RunView as Run } from '@flotilla/domain'
import { Link, getRouteApi } from '@tanstack/react-router'
import { useEffect, useRef, useState, type RefObject } from 'react'
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
  const more = useHidden(nav)
  return (
    <div className="relative border-b border-line">
      <nav
        ref={nav}
        aria-label="Views of the run"
        className="relative -mb-px flex gap-0.5 overflow-x-auto [scrollbar-width:none]"
      >
        {RUN_VIEWS.map((one) => (
          <Link
            key={one}
            to="/runs/$runId"
            params={{ runId: run.id }}
            search={one === 'graph' && standard === 'graph' ? {} : { view: one }}
            aria-current={one === view ? 'page' : undefined}
            activeOptions={{ exact: true, includeSearch: true }}
            resetScroll={false}
            className="border-b-2 border-transparent px-2.5 py-1.5 whitespace-nowrap text-muted pointer-coarse:py-3 hover:text-ink aria-[current=page]:border-accent aria-[current=page]:text-ink"
          >
            {LABELS[one]}
          </Link>
        ))}
      </nav>
      {more.before && <MoreViews side="before" nav={nav} />}
      {more.after && <MoreViews side="after" nav={nav} />}
    </div>
  )
}

type Hidden = Readonly<{ before: boolean; after: boolean }>

/** Whether there is more of it than is seen, at either end. */
function useHidden(place: RefObject<HTMLElement | null>): Hidden {
  const [hidden, setHidden] = useState<Hidden>({ before: false, after: false })
  useEffect(() => {
    const element = place.current
    if (element === null) return undefined
    const look = (): void => {
      const { scrollLeft, scrollWidth, clientWidth } = element
      const now = { before: scrollLeft > 1, after: scrollLeft + clientWidth < scrollWidth - 1 }
      setHidden((was) => (was.before === now.before && was.after === now.after ? was : now))
    }
    look()
    const size = new ResizeObserver(look)
    size.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      size.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [place])
  return hidden
}

const SIDES = {
  before: { mark: '‹', look: 'start-0 justify-start bg-linear-to-r', label: 'Views before these', way: -1 },
  after: { mark: '›', look: 'end-0 justify-end bg-linear-to-l', label: 'Views after these', way: 1 },
} as const

type MoreViewsProps = Readonly<{ side: keyof Hidden; nav: RefObject<HTMLElement | null> }>

/** Says that there are more, and brings them into sight; the keyboard goes from link to link without it. */
function MoreViews({ side, nav }: MoreViewsProps) {
  const { mark, look, label, way } = SIDES[side]
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={label}
      onClick={() => nav.current?.scrollBy({ left: way * nav.current.clientWidth * 0.7 })}
      className={`absolute inset-y-0 flex w-11 items-center from-ground from-60% to-transparent px-1.5 text-title text-muted hover:text-ink ${look}`}
    >
      {mark}
    </button>
  )
}
