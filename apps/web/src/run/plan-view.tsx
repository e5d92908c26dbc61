import type { PlanView as Plan } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { fullTime } from '../format/times.ts'
import { plural } from '../format/quantities.ts'
import { Empty, Loading, Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'
import { PlanReading } from '../plan/plan-reading.tsx'
import { noPlan } from './absent-words.ts'
import { ChangedPlan } from './changed-plan.tsx'
import type { RunViewProps } from './run-page.tsx'

/** The plan as it stands; before the start it can be changed here. */
export default function PlanView({ live: { run } }: RunViewProps) {
  const planned = run.planVersion > 0
  const { data, error } = useQuery({
    queryKey: ['run', run.id, 'plan', run.planVersion],
    queryFn: ({ signal }) => client.plan.get(run.id, { signal }),
    enabled: planned,
    staleTime: Infinity,
    // What is edited stays there while a newer version is read.
    placeholderData: (before, query) => (query?.queryKey[1] === run.id ? before : undefined),
  })
  if (!planned) {
    const { title, text } = noPlan(run.status)
    return <Empty title={title}>{text}</Empty>
  }
  if (error !== null) return <Problem error={error} what="The plan could not be read." />
  if (data === undefined) return <Loading what="the plan" />
  return (
    <Section
      title={`Plan, version ${data.version}`}
      aside={<span className="text-small text-muted">{versionText(data)}</span>}
    >
      <div className="p-3">
        {run.status === 'awaiting_approval' ? (
          <ChangedPlan key={run.id} run={run} plan={data} />
        ) : (
          <PlanReading plan={data} />
        )}
      </div>
    </Section>
  )
}

function versionText({ version, versions }: Plan): string {
  const made = versions.find((one) => one.version === version)
  return made === undefined ? '' : `by ${made.by}, ${fullTime(made.createdAt)}, ${plural(made.tasks, 'task')}`
}
