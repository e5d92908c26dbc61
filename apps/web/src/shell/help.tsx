import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { RUN_LOOKS, TASK_LOOKS, TONE_TEXT } from '../state/tones.ts'
import { PLACES } from './places.ts'
import type { Shortcut } from './shortcuts.ts'

const OTHERS = [
  { keys: 'Ctrl K', what: 'Command palette' },
  { keys: '↑ ↓', what: 'Row before or after, in the list of runs and the palette' },
  { keys: 'j k', what: 'Row after or before, in the list of runs' },
  { keys: 'Ctrl Enter', what: 'Start the run, from the goal of a new one' },
  { keys: 'Tab', what: 'Next control; Enter or Space uses it' },
  { keys: 'Esc', what: 'Close what is open' },
] as const

/** Each mark once: runs and tasks share most of them. */
const MARKS = [
  ...new Map([...Object.values(RUN_LOOKS), ...Object.values(TASK_LOOKS)].map((look) => [look.label, look])).values(),
]

/** What each page is for, what marks mean, and what the keyboard can do here. */
export const Help = ({ shortcuts, onClose }: Readonly<{ shortcuts: readonly Shortcut[]; onClose: () => void }>) => (
  <Dialog label="Help" onClose={onClose}>
    <div className="flex items-center justify-between border-b border-line px-4 py-2">
      <h2 className="text-lead">Help</h2>
      <Button onClick={onClose}>Close</Button>
    </div>
    <Part title="Pages">
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {PLACES.map(({ to, label, about }) => (
          <div key={to} className="contents">
            <dt>
              <Link to={to} onClick={onClose} className="text-accent underline">
                {label}
              </Link>
            </dt>
            <dd>{about}</dd>
          </div>
        ))}
      </dl>
    </Part>
    <Part title="Marks of runs and tasks">
      <ul className="flex flex-wrap gap-x-4 gap-y-1">
        {MARKS.map(({ tone, mark, label }) => (
          <li key={label} className={`flex gap-1.5 whitespace-nowrap ${TONE_TEXT[tone]}`}>
            <span aria-hidden="true" className="w-3 text-center">
              {mark}
            </span>
            {label}
          </li>
        ))}
      </ul>
    </Part>
    <Part title="Keyboard">
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
        {[...OTHERS, ...shortcuts].map(({ keys, what }) => (
          <div key={keys} className="contents">
            <dt>
              <kbd className="rounded border border-line bg-raised px-1.5">{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Part>
    <p className="border-t border-line px-4 py-2 text-muted">
      The API’s reference is at{' '}
      <a className="text-accent underline" href="/docs">
        /docs
      </a>
      .
    </p>
  </Dialog>
)

const Part = ({ title, children }: Readonly<{ title: string; children: ReactNode }>) => (
  <section className="px-4 py-3">
    <h3 className="mb-1.5 font-semibold">{title}</h3>
    {children}
  </section>
)
