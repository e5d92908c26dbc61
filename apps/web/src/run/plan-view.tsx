import { formatPlanText, type PlanInput, type PlanView as Plan, type RunView } from '@flotilla/domain'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { client } from '../api/client.ts'
import { fullTime } from '../format/times.ts'
import { plural } from '../format/quantities.ts'
import { Button } from '../parts/button.tsx'
import { Empty, Loading, Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'
import { PlanEditor, PlanGraph } from '../plan/plan-editor.tsx'
import { mergePlan, readDraft } from '../plan/read-plan.ts'
import type { RunViewProps } from './run-page.tsx'

/** The plan as it stands; before the start it can be changed here. */
export default function PlanView({ live: { run } }: RunViewProps) {
  const planned = run.planVersion > 0
  const { data, error } = useQuery({
    queryKey: ['run', run.id, 'plan', run.planVersion],
    queryFn: ({ signal }) => client.plan.get(run.id, { signal }),
    enabled: planned,
    staleTime: Infinity,
  })
  if (!planned) return <Empty title="There is no plan yet.">The planner is at work, or will be.</Empty>
  if (error !== null) return <Problem error={error} what="The plan could not be read." />
  if (data === undefined) return <Loading what="the plan" />
  return (
    <Section
      title={`Plan, version ${data.version}`}
      aside={<span className="text-small text-muted">{versionText(data)}</span>}
    >
      <div className="p-3">
        {run.status === 'awaiting_approval' ? (
          <EditedPlan key={data.version} run={run} plan={data} />
        ) : (
          <ReadPlan plan={data} />
        )}
      </div>
    </Section>
  )
}

function versionText({ version, versions }: Plan): string {
  const made = versions.find((one) => one.version === version)
  return made === undefined ? '' : `by ${made.by}, ${fullTime(made.createdAt)}, ${plural(made.tasks, 'task')}`
}

const ReadPlan = ({ plan }: Readonly<{ plan: PlanInput }>) => (
  <div className="grid gap-3 lg:grid-cols-2">
    <pre
      tabIndex={0}
      aria-label="Plan as text"
      className="max-h-[70vh] overflow-auto rounded-control bg-raised p-3 whitespace-pre-wrap"
    >
      {formatPlanText(plan)}
    </pre>
    <div className="h-80 rounded-md border border-line bg-ground lg:h-auto">
      <PlanGraph plan={plan} />
    </div>
  </div>
)

function EditedPlan({ run, plan }: Readonly<{ run: RunView; plan: PlanInput }>) {
  const queries = useQueryClient()
  const origin = formatPlanText(plan)
  const [text, setText] = useState(origin)
  const changed = text !== origin
  const anew = () => queries.invalidateQueries({ queryKey: ['run', run.id] })
  const save = useMutation({
    mutationFn: () => client.plan.put(run.id, mergePlan(plan, readDraft(text).plan)),
    onSuccess: anew,
  })
  const start = useMutation({ mutationFn: () => client.runs.start(run.id), onSuccess: anew })
  const error = save.error ?? start.error
  return (
    <div className="flex flex-col gap-2">
      <PlanEditor text={text} onChange={setText} />
      {error !== null && <Problem error={error} what="The plan was not taken." />}
      <div className="flex flex-wrap items-center gap-2">
        <Button
          kind={changed ? 'primary' : 'plain'}
          disabled={!changed || save.isPending || readDraft(text).issues.length > 0}
          onClick={() => save.mutate()}
        >
          Save the plan
        </Button>
        <Button disabled={!changed} onClick={() => setText(origin)}>
          Undo changes
        </Button>
        <Button
          kind={changed ? 'plain' : 'primary'}
          disabled={changed || start.isPending}
          onClick={() => start.mutate()}
        >
          Start with this plan
        </Button>
        <span className="text-muted">Criteria, tools and limits of tasks that stay are kept.</span>
      </div>
    </div>
  )
}
