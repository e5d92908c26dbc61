import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { useContact } from '../api/contact.ts'
import type { Command } from './commands.ts'
import { Help } from './help.tsx'
import { Palette } from './palette.tsx'
import { usePageCommands } from './page-commands.ts'
import { usePaletteKey } from './palette-key.ts'
import { PLACES, isAt } from './places.ts'
import { useShortcuts, type Shortcut } from './shortcuts.ts'
import { toggleTheme, useTheme } from './theme.ts'

type Open = 'palette' | 'help' | null

/** What stands around every page. */
export function AppShell() {
  const [open, setOpen] = useState<Open>(null)
  const shortcuts = useAppShortcuts(setOpen)
  useShortcuts(shortcuts)
  usePaletteKey(() => setOpen('palette'))
  const content = useFocusOnPage()
  const ofPage = usePageCommands()
  const commands: Command[] = shortcuts
    .filter(({ keys }) => keys !== '/')
    .map(({ keys, what, run }) => ({ id: keys, label: what, hint: keys, run }))
  return (
    <div className="flex h-full flex-col md:flex-row">
      <a href="#content" className="sr-only focus:not-sr-only focus:absolute focus:z-10 focus:bg-surface focus:p-2">
        Skip to content
      </a>
      <Navigation onOpen={setOpen} />
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <ContactBanner />
        <main ref={content} id="content" tabIndex={-1} className="relative min-h-0 flex-1 overflow-y-auto outline-none">
          <Outlet />
        </main>
      </div>
      {open === 'palette' && <Palette commands={[...ofPage, ...commands]} onClose={() => setOpen(null)} />}
      {open === 'help' && <Help shortcuts={shortcuts} onClose={() => setOpen(null)} />}
    </div>
  )
}

/** A page that replaces another takes the focus over which that has left, so that keys and readers begin at its top. */
function useFocusOnPage() {
  const content = useRef<HTMLElement>(null)
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname })
  useEffect(() => {
    if (path !== undefined && document.activeElement === document.body) content.current?.focus({ preventScroll: true })
  }, [path])
  return content
}

function useAppShortcuts(setOpen: (open: Open) => void): readonly Shortcut[] {
  const navigate = useNavigate()
  return useMemo(
    () => [
      ...PLACES.map(({ to, label, go }) => ({
        keys: `g ${go}`,
        what: `Go to ${label.toLowerCase()}`,
        run: () => void navigate({ to }),
      })),
      { keys: 'n', what: 'New run', run: () => void navigate({ to: '/new' }) },
      { keys: 't', what: 'Change between light and dark', run: toggleTheme },
      { keys: '/', what: 'Command palette', run: () => setOpen('palette') },
      { keys: '?', what: 'Help', run: () => setOpen('help') },
    ],
    [navigate, setOpen],
  )
}

const linkClass =
  'inline-flex items-center rounded-control px-2.5 py-1 text-muted pointer-coarse:min-h-11 whitespace-nowrap hover:bg-raised hover:text-ink aria-[current=page]:bg-raised aria-[current=page]:text-ink'

function Navigation({ onOpen }: Readonly<{ onOpen: (open: Open) => void }>) {
  const theme = useTheme()
  const path = useRouterState({ select: (state) => state.location.pathname })
  return (
    <header className="flex shrink-0 flex-wrap items-center gap-1 border-b border-line bg-surface px-2 py-1.5 md:w-44 md:flex-col md:flex-nowrap md:items-stretch md:border-e md:border-b-0 md:p-3">
      <Link to="/" className="me-2 flex items-center gap-2 px-2.5 font-semibold md:mb-2 pointer-coarse:min-h-11">
        <img src="/favicon.svg" alt="" width="16" height="16" />
        Flotilla
      </Link>
      <nav
        aria-label="Pages"
        className="flex min-w-0 gap-0.5 overflow-x-auto max-md:order-last max-md:basis-full md:flex-1 md:flex-col"
      >
        {PLACES.map((place) => (
          <Link
            key={place.to}
            to={place.to}
            activeOptions={{ exact: true }}
            aria-current={isAt(place, path) ? 'page' : undefined}
            className={linkClass}
          >
            {place.label}
            {place.to === '/approvals' && <PendingCount />}
          </Link>
        ))}
      </nav>
      <div className="flex gap-0.5 max-md:ms-auto md:flex-col">
        <button type="button" className={`${linkClass} text-start`} onClick={() => onOpen('palette')}>
          Find<kbd className="ms-2 text-muted max-md:hidden">Ctrl K</kbd>
        </button>
        <button type="button" className={`${linkClass} text-start`} onClick={() => onOpen('help')}>
          Help<kbd className="ms-2 text-muted max-md:hidden">?</kbd>
        </button>
        <button type="button" className={`${linkClass} text-start`} onClick={toggleTheme}>
          {theme === 'dark' ? 'Light' : 'Dark'}
        </button>
      </div>
    </header>
  )
}

/** How many approvals wait for a person. */
function PendingCount() {
  const { data } = useQuery({
    queryKey: ['approvals', 'pending'],
    queryFn: ({ signal }) => client.approvals.list({ status: 'pending', limit: 200 }, { signal }),
    refetchInterval: 5_000,
  })
  const waiting = data?.items.length ?? 0
  if (waiting === 0) return null
  return (
    <span className="numeric ms-2 text-warn">
      {waiting}
      <span className="sr-only"> waiting</span>
    </span>
  )
}

/** Over every page while the server is away: nothing that is shown is lost, and nothing that was typed. */
function ContactBanner() {
  const { lostAt } = useContact()
  return (
    <div role="status" aria-live="polite">
      {lostAt !== null && (
        <p className="border-b border-line bg-raised px-4 py-1.5 text-bad">
          The server does not answer. It is asked again every 2 s; what you see is the last that was read, and what you
          typed stays.
        </p>
      )}
    </div>
  )
}
