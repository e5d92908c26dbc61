import { APPROVAL_STATUSES, type ApprovalView } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { fullTime } from '../format/times.ts'
import { Empty, Loading, Problem } from '../parts/notice.tsx'
import { Page, Section } from '../parts/page.tsx'
import { DecisionForm } from './decision-form.tsx'

const route = getRouteApi('/approvals')

/** What waits for a person, and what was decided. */
export default function ApprovalsPage() {
  const { status = 'pending' } = route.useSearch()
  const navigate = route.useNavigate()
  const { data, error } = useQuery({
    queryKey: ['approvals', status],
    queryFn: ({ signal }) => client.approvals.list({ status, limit: 200 }, { signal }),
    refetchInterval: 3_000,
  })
  return (
    <Page
      title="Approvals"
      lead={
        <select
          aria-label="State of the approvals"
          className="control w-fit"
          value={status}
          onChange={(event) => {
            const next = APPROVAL_STATUSES.find((one) => one === event.target.value)
            void navigate({ search: next === undefined || next === 'pending' ? {} : { status: next } })
          }}
        >
          {APPROVAL_STATUSES.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      }
    >
      {error !== null && <Problem error={error} what="The approvals could not be read." />}
      {data === undefined && error === null && <Loading what="approvals" />}
      {data?.items.length === 0 && (
        <Empty title={status === 'pending' ? 'Nothing waits for you.' : `No approval is ${status}.`}>
          Where a tool call may or may not have taken effect, its task rests until a person has said what became of it.
        </Empty>
      )}
      {data?.items.map((approval) => (
        <Approval key={approval.id} approval={approval} />
      ))}
    </Page>
  )
}

function Approval({ approval }: Readonly<{ approval: ApprovalView }>) {
  const { subject, runId, taskKey } = approval
  return (
    <Section
      title={`Did this call of ${subject.tool} take effect?`}
      aside={<span className="text-small text-muted">asked {fullTime(approval.requestedAt)}</span>}
    >
      <div className="flex flex-col gap-2 px-3 py-2">
        <p className="[overflow-wrap:anywhere]">{subject.reason}</p>
        <pre tabIndex={0} aria-label="Arguments" className="max-h-60 overflow-auto rounded-control bg-raised p-2">
          {JSON.stringify(subject.arguments, null, 2)}
        </pre>
        <p className="flex flex-wrap gap-x-4 text-muted">
          <Link to="/runs/$runId" params={{ runId }} className="text-accent underline">
            the run
          </Link>
          {taskKey !== null && (
            <Link to="/runs/$runId/tasks/$taskKey" params={{ runId, taskKey }} className="text-accent underline">
              task {taskKey}
            </Link>
          )}
          <span>
            attempt {subject.attempt}, turn {subject.turn}
          </span>
        </p>
        {approval.status === 'pending' ? <DecisionForm approval={approval} /> : <p>{decidedText(approval)}</p>}
      </div>
    </Section>
  )
}

function decidedText({ status, decision, decidedBy, decidedAt, comment }: ApprovalView): string {
  const by = decidedBy === null ? '' : ` by ${decidedBy}`
  const at = decidedAt === null ? '' : `, ${fullTime(decidedAt)}`
  return `${status}${decision === null ? '' : `: ${decision}`}${by}${at}${comment === null ? '' : ` (${comment})`}`
}
