import type { TaskView } from '@flotilla/domain'
import { duration, tokens } from '../format/quantities.ts'
import { clockTime, elapsedMs } from '../format/times.ts'
import { Section } from '../parts/page.tsx'
import { TONE_TEXT, type Tone } from '../state/tones.ts'
import { noAttemptsText } from './absent-words.ts'

const TONES: Readonly<Record<TaskView['attempts'][number]['status'], Tone>> = {
  running: 'active',
  succeeded: 'good',
  failed: 'bad',
  lost: 'warn',
  released: 'idle',
  cancelled: 'idle',
}

/** Each time the task was claimed, of which kind, by whom, and how it ended. */
export function Attempts({ task }: Readonly<{ task: TaskView }>) {
  const counts = Object.entries(task.counts).filter(([, { count }]) => count > 0)
  return (
    <Section
      title="Attempts"
      aside={
        <span className="text-small text-muted">
          {counts.map(([kind, { count, cap }]) => `${kind} ${count}${cap === null ? '' : ` of ${cap}`}`).join(' · ')}
        </span>
      }
    >
      {task.attempts.length === 0 && <p className="px-3 py-2 text-muted">{noAttemptsText(task)}</p>}
      <ol>
        {task.attempts.map((attempt) => (
          <li key={attempt.number} className="border-b border-line px-3 py-1.5 last:border-b-0">
            <div className="flex flex-wrap gap-x-3">
              <span className="numeric">{attempt.number}</span>
              <span>{attempt.kind}</span>
              <span className={TONE_TEXT[TONES[attempt.status]]}>{attempt.status}</span>
              <span className="numeric text-muted">{clockTime(attempt.startedAt)}</span>
              <span className="numeric text-muted">{lastedText(attempt)}</span>
              <span className="numeric text-muted">
                {tokens(attempt.usage.inputTokens + attempt.usage.outputTokens)}
              </span>
            </div>
            <p className="text-small text-muted">{attempt.worker}</p>
            {attempt.error !== null && <p className="text-bad [overflow-wrap:anywhere]">{attempt.error.message}</p>}
          </li>
        ))}
      </ol>
    </Section>
  )
}

function lastedText({ startedAt, finishedAt }: TaskView['attempts'][number]): string {
  const ms = finishedAt === null ? null : elapsedMs(startedAt, finishedAt, 0)
  return ms === null ? '' : duration(ms)
}
