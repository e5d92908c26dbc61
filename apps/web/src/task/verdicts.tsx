import type { TaskView, VerdictView } from '@flotilla/domain'
import { percent } from '../format/quantities.ts'
import { clockTime } from '../format/times.ts'
import { Section } from '../parts/page.tsx'
import { TONE_TEXT, type Tone } from '../state/tones.ts'
import { noVerdictText } from './absent-words.ts'

const TONES: Readonly<Record<VerdictView['decision'], Tone>> = { accepted: 'good', revise: 'warn', rejected: 'bad' }

/** What rules and judges said, criterion by criterion, with their reasons. */
export const Verdicts = ({ task }: Readonly<{ task: TaskView }>) => (
  <Section title="Verdicts">
    {task.verdicts.length === 0 && <p className="px-3 py-2 text-muted">{noVerdictText(task)}</p>}
    {task.verdicts.map((verdict) => (
      <div key={`${verdict.attempt} ${verdict.at}`} className="border-b border-line px-3 py-2 last:border-b-0">
        <div className="flex flex-wrap gap-x-3">
          <span className={TONE_TEXT[TONES[verdict.decision]]}>{verdict.decision}</span>
          <span className="numeric">score {percent(verdict.score)}</span>
          <span className="text-muted">
            attempt {verdict.attempt}, {clockTime(verdict.at)}
            {verdict.judgeModel === null ? '' : `, judged by ${verdict.judgeModel}`}
          </span>
        </div>
        <ul className="mt-1 flex flex-col gap-1.5">
          {verdict.findings.map((finding) => (
            <li key={`${finding.by} ${finding.criterion}`} className="flex gap-2">
              <span className={`w-14 shrink-0 ${finding.passed ? 'text-good' : 'text-bad'}`}>
                <span aria-hidden="true">{finding.passed ? '✓' : '✕'}</span>
                <span className="sr-only">{finding.passed ? 'passed' : 'not passed'}</span>{' '}
                <span className="numeric">{percent(finding.score)}</span>
              </span>
              <span className="min-w-0 [overflow-wrap:anywhere]">
                {finding.criterion} <span className="text-muted">({finding.by})</span>
                <span className="block text-muted">{finding.rationale}</span>
              </span>
            </li>
          ))}
        </ul>
      </div>
    ))}
  </Section>
)
