import type { PlanView, RunView } from '@flotilla/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { client } from '../api/client.ts'
import { Button } from '../parts/button.tsx'
import { Problem } from '../parts/notice.tsx'
import { draftOf, isSamePlan, unreadOf, type PlanDraft } from '../plan/plan-draft.ts'
import { PlanEditor } from '../plan/plan-editor.tsx'
import { isSound } from '../plan/plan-flaws.ts'
import { usePlanEdits } from '../plan/use-plan-edits.ts'
import { keepPlan, readKeptPlan } from './kept-plan.ts'

/** The plan of a run that has not been started, to be changed and started. */
export function ChangedPlan({ run, plan }: Readonly<{ run: RunView; plan: PlanView }>) {
  const [kept] = useState(() => readKeptPlan(run.id))
  const [base, setBase] = useState(() => ({ version: kept?.version ?? plan.version, draft: draftOf(plan) }))
  const edits = usePlanEdits(kept?.draft ?? base.draft, useKeep(run.id, base))
  const { draft } = edits
  const changed = useMemo(() => !isSame(draft, base.draft), [draft, base])
  const { take, busy, error } = useTake(run.id, draft, setBase)
  const wrong = useMemo(() => !isSound(draft), [draft])
  const { replace } = edits
  const takeNewer = useCallback((): void => {
    setBase({ version: plan.version, draft: draftOf(plan) })
    replace(draftOf(plan))
  }, [plan, replace])
  const newer = plan.version > base.version && !busy
  useEffect(() => {
    if (newer && !changed) takeNewer()
  }, [newer, changed, takeNewer])
  return (
    <div className="flex flex-col gap-2">
      {newer && changed && <Newer version={plan.version} onTake={takeNewer} />}
      <PlanEditor edits={edits} />
      {error !== null && <Problem error={error} what="That was not possible. Nothing is lost." of="write" />}
      <div className="flex flex-wrap items-center gap-2">
        <Button kind="primary" disabled={busy || wrong} onClick={() => take({ save: changed, start: true })}>
          Start with this plan
        </Button>
        <Button disabled={busy || wrong || !changed} onClick={() => take({ save: true, start: false })}>
          Save the plan
        </Button>
        <Button disabled={busy || !changed} onClick={() => edits.replace(base.draft)}>
          Discard the changes
        </Button>
        <span className="text-muted">{changed ? 'Changed, not saved.' : ''}</span>
      </div>
    </div>
  )
}

type Base = Readonly<{ version: number; draft: PlanDraft }>

function useKeep(runId: string, base: Base): (draft: PlanDraft) => void {
  return useCallback(
    (draft) => keepPlan(runId, isSame(draft, base.draft) ? null : { version: base.version, draft }),
    [runId, base],
  )
}

/** What was typed in another way and means the same is no change. */
const isSame = (draft: PlanDraft, base: PlanDraft): boolean =>
  unreadOf(draft).length === 0 && isSamePlan(draft.plan, base.plan)

type Take = Readonly<{ save: boolean; start: boolean }>

/**
 * One act, so that a start follows its save wherever somebody looks meanwhile. The ref also holds off a second click before the
 * first one is drawn.
 */
function useTake(runId: string, { plan }: PlanDraft, setBase: (base: Base) => void) {
  const queries = useQueryClient()
  const underWay = useRef(false)
  const { mutate, isPending, error } = useMutation({
    mutationFn: async ({ save, start }: Take) => {
      if (save) {
        const saved = await client.plan.put(runId, plan)
        queries.setQueryData(['run', runId, 'plan', saved.version], saved)
        setBase({ version: saved.version, draft: { plan, typed: null } })
        keepPlan(runId, null)
      }
      if (start) await client.runs.start(runId)
    },
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: ['run', runId] })
      underWay.current = false
    },
  })
  const take = (what: Take): void => {
    if (underWay.current) return
    underWay.current = true
    mutate(what)
  }
  return { take, busy: isPending, error }
}

const Newer = ({ version, onTake }: Readonly<{ version: number; onTake: () => void }>) => (
  <div role="status" className="panel flex flex-wrap items-center gap-2 border-warn px-3 py-2">
    Somebody has made version {version} meanwhile. Yours is kept; saving it makes it the newest.
    <Button onClick={onTake}>Take theirs instead</Button>
  </div>
)
