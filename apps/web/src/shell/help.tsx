import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import type { Shortcut } from './shortcuts.ts'

const OTHERS = [
  { keys: 'Ctrl K', what: 'Command palette' },
  { keys: '↑ ↓', what: 'Row before or after, in the list of runs and the palette' },
  { keys: 'j k', what: 'Row after or before, in the list of runs' },
  { keys: 'Ctrl Enter', what: 'Start the run, from the goal of a new one' },
  { keys: 'Tab', what: 'Next control; Enter or Space uses it' },
  { keys: 'Esc', what: 'Close what is open' },
] as const

/** What the keyboard can do here. */
export const Help = ({ shortcuts, onClose }: Readonly<{ shortcuts: readonly Shortcut[]; onClose: () => void }>) => (
  <Dialog label="Keyboard shortcuts" onClose={onClose}>
    <div className="flex items-center justify-between border-b border-line px-4 py-2">
      <h2 className="text-lead">Keyboard</h2>
      <Button onClick={onClose}>Close</Button>
    </div>
    <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 px-4 py-3">
      {[...OTHERS, ...shortcuts].map(({ keys, what }) => (
        <div key={keys} className="contents">
          <dt>
            <kbd className="rounded border border-line bg-raised px-1.5">{keys}</kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
    <p className="border-t border-line px-4 py-2 text-muted">
      The API’s reference is at{' '}
      <a className="text-accent underline" href="/docs">
        /docs
      </a>
      .
    </p>
  </Dialog>
)
