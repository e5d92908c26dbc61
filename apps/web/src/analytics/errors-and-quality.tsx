import type { RunStats } from '@flotilla/domain'
import { Link } from '@tanstack/react-router'
import { count, plural } from '../format/quantities.ts'
import { Section } from '../parts/page.tsx'
import type { RunFilter } from '../runs/filter.ts'
import { choiceOf, spanOf, type AnalyticsSearch } from './search.ts'

/** How quality is spread, and why runs failed. */
export const ErrorsAndQuality = ({ stats, search }: Readonly<{ stats: RunStats; search: AnalyticsSearch }>) => (
  <div className="grid items-start gap-3 sm:grid-cols-2">
    <Section title="Quality" aside={<span className="text-small text-muted">runs by score, in %</span>}>
      <QualityBars counts={stats.quality} />
    </Section>
    <Section
      title="Why runs failed"
      aside={
        <Link
          to="/"
          search={{ ...choiceOf(search), status: 'failed', days: spanOf(search) }}
          className="text-accent underline"
        >
          failed runs
        </Link>
      }
    >
      {stats.errors.length === 0 && <p className="px-3 py-2 text-muted">None has failed.</p>}
      <ul>
        {stats.errors.map(({ code, runs }) => (
          <li key={code} className="flex justify-between border-b border-line px-3 py-1 last:border-b-0">
            <Link to="/" search={failedWith(search, code)} className="text-accent underline">
              {code.replaceAll('_', ' ')}
            </Link>
            <span className="numeric">{plural(runs, 'run')}</span>
          </li>
        ))}
      </ul>
    </Section>
  </div>
)

const failedWith = (search: AnalyticsSearch, error: string): RunFilter => ({
  ...choiceOf(search),
  status: 'failed',
  error,
  days: spanOf(search),
})

const WIDTH = 100
const BAR = WIDTH / 10

function QualityBars({ counts }: Readonly<{ counts: readonly number[] }>) {
  const most = Math.max(1, ...counts)
  return (
    <ol className="grid grid-cols-10 gap-1 px-3 py-2">
      {counts.map((runs, i) => (
        <li key={i} className="text-center text-small">
          <span className="numeric">{runs === 0 ? '' : count(runs)}&nbsp;</span>
          <svg width="100%" height="48" viewBox={`0 0 ${BAR} 48`} preserveAspectRatio="none" aria-hidden="true">
            <rect y={47 - (runs / most) * 46} width={BAR} height={1 + (runs / most) * 46} className="fill-judged" />
          </svg>
          <span className="numeric whitespace-normal! text-muted">
            {i * 10}–<wbr />
            {(i + 1) * 10}
          </span>
        </li>
      ))}
    </ol>
  )
}
