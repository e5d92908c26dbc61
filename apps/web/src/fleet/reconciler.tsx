import type { FleetReconciler } from '@flotilla/domain'
import { count, duration } from '../format/quantities.ts'
import { Section } from '../parts/page.tsx'
import { choreLines, secondsText } from './fleet-text.ts'
import { MinuteBars } from './minute-bars.tsx'

/** Who looks after lost work, and what was found. */
export const Reconciler = ({ reconciler }: Readonly<{ reconciler: FleetReconciler | null }>) => (
  <Section
    title="Reconciler"
    aside={<span className="text-small text-muted">last 15 minutes</span>}
    lead="It finds work that was lost, with a crashed worker or a message that never came, and has it gone on with. One such look is a sweep; one worker does it for all."
  >
    {reconciler === null ? (
      <p className="px-3 py-2 text-warn">
        No worker has told of a sweep. One that serves maintenance finds lost work; without it what a lost worker had in
        hand stays there.
      </p>
    ) : (
      <>
        <p className="border-b border-line px-3 py-1.5">
          <strong className="font-medium [overflow-wrap:anywhere]">{reconciler.worker}</strong>{' '}
          <span className="text-muted">
            sweeps every {duration(reconciler.everySeconds * 1_000)} for all workers; last heard of{' '}
            {secondsText(reconciler.sweptSecondsAgo)} ago
          </span>
        </p>
        <Found reconciler={reconciler} />
      </>
    )}
  </Section>
)

function Found({ reconciler }: Readonly<{ reconciler: FleetReconciler }>) {
  const lines = choreLines(reconciler.done)
  if (lines.length === 0)
    return (
      <p className="px-3 py-2 text-muted">
        Nothing had to be mended: no worker was lost with work in hand, and every task was woken in time.
      </p>
    )
  return (
    <ul>
      {lines.map(({ name, words, n }) => (
        <li
          key={name}
          className="flex items-center justify-between gap-3 border-b border-line px-3 py-1 last:border-b-0"
        >
          <span className="min-w-0 flex-1">{words}</span>
          {name === 'recovered' && <MinuteBars counts={reconciler.recovered} />}
          {name === 'woken' && <MinuteBars counts={reconciler.woken} />}
          <span className="numeric">{count(n)}</span>
        </li>
      ))}
    </ul>
  )
}
