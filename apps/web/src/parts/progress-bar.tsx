import type { RunView } from '@flotilla/domain'

const WIDTH = 120

/** `planned`: tasks of a plan that has not been started. Tasks that completed, failed or were skipped, of all. */
export function ProgressBar({
  progress,
  planned = null,
}: Readonly<{ progress: RunView['progress']; planned?: number | null }>) {
  const { total, completed, failed, skipped } = progress
  if (total === 0 && planned !== null) return <span className="numeric">{planned} planned</span>
  if (total === 0) return <span className="text-muted">–</span>
  const px = (part: number): number => (part / total) * WIDTH
  return (
    <span className="block">
      <span className="numeric text-small text-muted">
        {completed} of {total}
        {failed > 0 && <span className="text-bad"> · {failed} failed</span>}
      </span>
      <svg width="100%" height="4" viewBox={`0 0 ${WIDTH} 4`} preserveAspectRatio="none" aria-hidden="true">
        <rect width={WIDTH} height="4" className="fill-raised" />
        <rect width={px(completed)} height="4" className="fill-good" />
        <rect x={px(completed)} width={px(failed)} height="4" className="fill-bad" />
        <rect x={px(completed + failed)} width={px(skipped)} height="4" className="fill-idle" />
      </svg>
    </span>
  )
}
