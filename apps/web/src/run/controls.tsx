import { decideControl, isTerminalRun, type RunControl, type RunView } from '@flotilla/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { client } from '../api/client.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Problem } from '../parts/notice.tsx'
import { plural } from '../format/quantities.ts'
import { BudgetDialog } from './budget-dialog.tsx'
import type { Command } from '../shell/commands.ts'
import { useOfferedCommands } from '../shell/page-commands.ts'
import { keepPlan, readKeptPlan } from './kept-plan.ts'
import { refusalText } from './refusal-text.ts'
import type { TaskLine } from './task-lines.ts'
import { limitsOf, usedUpText } from './used-up.ts'
import { RUN_VIEWS } from './view.ts'

type Verb = 'start' | 'pause' | 'resume' | 'cancel'

const LABELS: Readonly<Record<Verb, string>> = { start: 'Start', pause: 'Pause', resume: 'Resume', cancel: 'Cancel' }

/** What can be done with a run in its state. */
export function Controls({ run, tasks }: Readonly<{ run: RunView; tasks: readonly TaskLine[] }>) {
  const [open, setOpen] = useState<'start' | 'resume' | 'cancel' | 'budget' | null>(null)
  const { move, refusal } = useMove(run)
  const offered = (['start', 'pause', 'resume', 'cancel'] as const).filter((verb) => isOffered(verb, run))
  const act = (verb: Verb): void => (asksFirst(verb, run) ? setOpen(verb) : move.mutate(verb))
  const commands = useRunCommands(run, offered, act, () => setOpen('budget'))
  useOfferedCommands(commands, useTaskCommands(run.id, tasks))
  return (
    <>
      {offered.map((verb) => (
        <Button
          key={verb}
          kind={verb === 'cancel' ? 'danger' : verb === 'pause' ? 'plain' : 'primary'}
          disabled={move.isPending}
          onClick={() => act(verb)}
        >
          {LABELS[verb]}
        </Button>
      ))}
      {!isTerminalRun(run.status) && <Button onClick={() => setOpen('budget')}>Budget</Button>}
      {refusal !== null && (
        <div className="basis-full">
          <Problem error={refusal} what="That was not possible." of="write" advice={refusalText(refusal, run)} />
        </div>
      )}
      {open === 'start' && (
        <StartDialog
          onClose={() => setOpen(null)}
          onStart={() => {
            setOpen(null)
            keepPlan(run.id, null)
            move.mutate('start')
          }}
        />
      )}
      {open === 'resume' && (
        <ResumeDialog
          run={run}
          onClose={() => setOpen(null)}
          onBudget={() => setOpen('budget')}
          onResume={() => {
            setOpen(null)
            move.mutate('resume')
          }}
        />
      )}
      {open === 'cancel' && (
        <CancelDialog
          run={run}
          onClose={() => setOpen(null)}
          onCancel={() => {
            setOpen(null)
            move.mutate('cancel')
          }}
        />
      )}
      {open === 'budget' && <BudgetDialog run={run} onClose={() => setOpen(null)} />}
    </>
  )
}

/** For the palette: what the buttons do, and the run's views. */
function useRunCommands(
  { id, status }: RunView,
  offered: readonly Verb[],
  act: (verb: Verb) => void,
  openBudget: () => void,
): readonly Command[] {
  const navigate = useNavigate()
  const latest = useRef({ act, openBudget })
  useEffect(() => {
    latest.current = { act, openBudget }
  })
  const verbs = offered.join(' ')
  return useMemo(
    () => [
      ...verbs
        .split(' ')
        .filter((verb) => verb !== '')
        .map((verb) => ({
          id: verb,
          label: `${LABELS[verb as Verb]} this run`,
          hint: 'this run',
          run: () => latest.current.act(verb as Verb),
        })),
      ...(isTerminalRun(status)
        ? []
        : [{ id: 'budget', label: 'Change its budget', hint: 'this run', run: () => latest.current.openBudget() }]),
      ...RUN_VIEWS.map((view) => ({
        id: `view ${view}`,
        label: `Show its ${view}`,
        hint: 'this run',
        run: () => void navigate({ to: '/runs/$runId', params: { runId: id }, search: { view } }),
      })),
    ],
    [id, status, verbs, navigate],
  )
}

/** They stay the same while only states of tasks change. */
function useTaskCommands(runId: string, tasks: readonly TaskLine[]): readonly Command[] {
  const navigate = useNavigate()
  const names = JSON.stringify(tasks.map(({ key, title }) => [key, title]))
  return useMemo(
    () =>
      (JSON.parse(names) as [key: string, title: string][]).map(([key, title]) => ({
        id: `task ${key}`,
        label: title === key ? title : `${title} · ${key}`,
        hint: 'task',
        many: true,
        run: () => void navigate({ to: '/runs/$runId/tasks/$taskKey', params: { runId, taskKey: key } }),
      })),
    [runId, names, navigate],
  )
}

function asksFirst(verb: Verb, { id, budget }: RunView): verb is 'start' | 'resume' | 'cancel' {
  if (verb === 'resume') return usedUpText(budget, limitsOf(budget)) !== null
  return verb === 'cancel' || (verb === 'start' && readKeptPlan(id) !== null)
}

/** A start is for runs that rest before it; it does nothing for others, so it is not offered there. */
function isOffered(verb: RunControl, { status }: RunView): boolean {
  if (verb === 'start') return status === 'awaiting_approval'
  return decideControl(verb, status, true) === 'apply'
}

/** A refusal stands until the next move, or until the run's state or its limits are others: what was refused may go now. */
function useMove({ id, status, budget }: RunView) {
  const queries = useQueryClient()
  const [refusal, setRefusal] = useState<Error | null>(null)
  const limits = JSON.stringify(budget.limits)
  useEffect(() => setRefusal(null), [status, limits])
  const move = useMutation({
    mutationFn: (verb: Verb) => client.runs[verb](id),
    onMutate: () => setRefusal(null),
    onError: setRefusal,
    onSettled: () => queries.invalidateQueries({ queryKey: ['run', id] }),
  })
  return { move, refusal }
}

const StartDialog = ({ onClose, onStart }: Readonly<{ onClose: () => void; onStart: () => void }>) => (
  <Dialog label="Start the run" onClose={onClose}>
    <div className="flex flex-col gap-3 p-4">
      <h2 className="text-lead">Start without your changes to the plan?</h2>
      <p>They are not saved. Under Plan you can start with them, once nothing there is marked as wrong.</p>
      <div className="flex gap-2">
        <Button onClick={onClose}>Go back</Button>
        <Button kind="danger" onClick={onStart}>
          Start without them
        </Button>
      </div>
    </div>
  </Dialog>
)

type ResumeDialogProps = Readonly<{ run: RunView; onClose: () => void; onBudget: () => void; onResume: () => void }>

const ResumeDialog = ({ run, onClose, onBudget, onResume }: ResumeDialogProps) => (
  <Dialog label="Resume the run" onClose={onClose}>
    <div className="flex flex-col gap-3 p-4">
      <h2 className="text-lead">Resume with a budget that is used up?</h2>
      <p>{usedUpText(run.budget, limitsOf(run.budget))}</p>
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" onClick={onBudget}>
          Change the budget
        </Button>
        <Button onClick={onResume}>Resume all the same</Button>
        <Button onClick={onClose}>Leave it paused</Button>
      </div>
    </div>
  </Dialog>
)

function openTasksText({ total, completed, failed, skipped }: RunView['progress']): string {
  if (total === 0) return 'It has no tasks yet; calls in flight are cut off.'
  return `${plural(total - completed - failed - skipped, 'open task')} will be cancelled, calls in flight are cut off.`
}

type CancelDialogProps = Readonly<{ run: RunView; onClose: () => void; onCancel: () => void }>

const CancelDialog = ({ run, onClose, onCancel }: CancelDialogProps) => (
  <Dialog label="Cancel the run" onClose={onClose}>
    <div className="flex flex-col gap-3 p-4">
      <h2 className="text-lead">Cancel this run?</h2>
      <p>{openTasksText(run.progress)} What has been done stays, and what it has cost.</p>
      <div className="flex gap-2">
        <Button kind="danger" onClick={onCancel}>
          Cancel the run
        </Button>
        <Button onClick={onClose}>Let it go on</Button>
      </div>
    </div>
  </Dialog>
)
