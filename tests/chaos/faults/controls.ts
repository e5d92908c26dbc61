import { cancelRun, pauseRun, resumeRun } from '@flotilla/engine'
import type { Db } from '@flotilla/db'
import type { Hints, Producer } from '@flotilla/queue'
import { pause } from '../pause.ts'

export type Control = 'cancel' | 'pause' | 'resume'

/** A person's hand on a run, as the API has it. */
export interface Controls {
  /** When it was answered that it took effect; null where the run's state forbids it. Repeated until it is answered. */
  apply(control: Control, runUid: string): Promise<number | null>
}

export type ControlsDeps = Readonly<{ db: Db; hints: Hints; producer: Producer }>

const WORKSPACE = 1
const AGAIN_MS = 200
const PATIENCE_MS = 30_000

export function createControls({ db, hints, producer }: ControlsDeps): Controls {
  const wake = {
    plan: (runId: number, priority: number) => producer.wakePlan(runId, priority),
    finish: (runId: number, priority: number) => producer.wakeFinish(runId, priority),
    tasks: (tasks: Parameters<Producer['wakeTasks']>[0]) => producer.wakeTasks(tasks),
  }
  const once = (control: Control, runId: string) => {
    const ref = { workspaceId: WORKSPACE, runId }
    if (control === 'cancel') return cancelRun({ db, hints }, ref)
    return control === 'pause' ? pauseRun({ db, hints }, ref) : resumeRun({ db, hints, wake }, ref)
  }
  return {
    async apply(control, runUid) {
      for (const givenUpAt = Date.now() + PATIENCE_MS; Date.now() < givenUpAt; await pause(AGAIN_MS)) {
        const answer = await once(control, runUid).catch(() => null)
        if (answer !== null) return answer.ok ? Date.now() : null
      }
      throw new Error(`${control} of ${runUid} stayed unanswered for ${PATIENCE_MS / 1_000} s`)
    },
  }
}
