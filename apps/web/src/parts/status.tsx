import type { RunStatus, TaskStatus } from '@flotilla/domain'
import { RUN_LOOKS, TASK_LOOKS, TONE_TEXT, type StateLook } from '../state/tones.ts'

function Status({ look, short = false }: Readonly<{ look: StateLook; short?: boolean }>) {
  return (
    <span className={`inline-flex items-center gap-1.5 whitespace-nowrap ${TONE_TEXT[look.tone]}`}>
      <span aria-hidden="true" className="w-3 text-center">
        {look.mark}
      </span>
      <span className={short ? 'max-sm:sr-only' : ''}>{look.label}</span>
    </span>
  )
}

/** `short`: the mark alone where there is little room. */
export const RunStatusMark = ({ status, short = false }: Readonly<{ status: RunStatus; short?: boolean }>) => (
  <Status look={RUN_LOOKS[status]} short={short} />
)
export const TaskStatusMark = ({ status, short = false }: Readonly<{ status: TaskStatus; short?: boolean }>) => (
  <Status look={TASK_LOOKS[status]} short={short} />
)
