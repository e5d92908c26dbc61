import type { Agent } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { buttonClass } from '../parts/button.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Loading, Problem } from '../parts/notice.tsx'
import { Page, Section } from '../parts/page.tsx'
import { Leaderboard } from './leaderboard.tsx'

/** Who does the work of which role, and how well. */
export default function AgentsPage() {
  const { data, error } = useQuery({
    queryKey: ['agents'],
    queryFn: ({ signal }) => client.agents.list({ limit: 1_000 }, { signal }),
  })
  return (
    <Page
      title="Agents"
      actions={
        <Link to="/agents/$agentId" params={{ agentId: 'new' }} className={buttonClass('primary')}>
          New agent
        </Link>
      }
    >
      {error !== null && <Problem error={error} what="The agents could not be read." />}
      {data === undefined && error === null && <Loading what="agents" />}
      {data !== undefined && (
        <Section title="All agents">
          <AgentTable agents={data.items} />
        </Section>
      )}
      <Leaderboard agents={data?.items ?? []} />
    </Page>
  )
}

const ORIGINS: Readonly<Record<Agent['origin'], string>> = {
  builtin: 'built in',
  user: 'own',
  drafted: 'drafted for a plan',
}

const AgentTable = ({ agents }: Readonly<{ agents: readonly Agent[] }>) => (
  <DataTable
    label="Agents"
    rows={agents}
    keyOf={({ id }) => id}
    columns={[
      {
        title: 'Name',
        cell: ({ id, name }) => (
          <Link to="/agents/$agentId" params={{ agentId: id }} className="text-accent underline">
            {name}
          </Link>
        ),
      },
      { title: 'Role', cell: ({ role }) => `@${role}` },
      {
        title: 'What it does',
        wide: true,
        cell: ({ description }) => (description === '' ? null : <span className="text-muted">{description}</span>),
      },
      { title: 'Model', wide: true, cell: ({ model }) => model ?? <span className="text-muted">the system’s</span> },
      { title: 'Origin', cell: ({ origin, enabled }) => (enabled ? ORIGINS[origin] : `${ORIGINS[origin]}, off`) },
      { title: 'Version', number: true, cell: ({ version }) => version },
    ]}
  />
)
