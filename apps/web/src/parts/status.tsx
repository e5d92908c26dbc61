import type { RunStatus, TaskStatus } from '@flotilla/domain'
import { RUN_LOOKS, TASK_LOOKS, TONE_TEXT, type StateLook } from '../state/tones.ts'

function Status({ look }: Readonly<{ look: StateLook }>) {
  return (
    <span className={`inline-flex items-center gap-1.5 whitespace-nowrap ${TONE_TEXT[look.tone]}`}>
      <span aria-hidden="true" className="w-3 text-center">
        {look.mark}
      </span>
      <span>{look.label}</span>
    </span>
  )
}

export const RunStatusMark = ({ status }: Readonly<{ status: RunStatus }>) => <Status look={RUN_LOOKS[status]} />
export const TaskStatusMark = ({ status }: Readonly<{ status: TaskStatus }>) => <Status look={TASK_LOOKS[status]} />
