import type { Agent, AgentStats } from '@flotilla/domain'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { count, duration, percent, usd } from '../format/quantities.ts'
import { DataTable } from '../parts/data-table.tsx'
import { Problem } from '../parts/notice.tsx'
import { Section } from '../parts/page.tsx'
import { wilson, type Interval } from './wilson.ts'

/** What agents did, by type of task: how often it was accepted, and how sure that is after so many tasks. */
export function Leaderboard({ agents }: Readonly<{ agents: readonly Agent[] }>) {
  const { data, error } = useQuery({
    queryKey: ['agent-stats'],
    queryFn: ({ signal }) => client.stats.agents({ limit: 1_000 }, { signal }),
  })
  const types = [...Map.groupBy(data?.items ?? [], ({ taskType }) => taskType)]
  const names = new Map(agents.map(({ id, name }) => [id, name]))
  if (error !== null) return <Problem error={error} what="The leaderboard could not be read." />
  return (
    <>
      {data?.items.length === 0 && (
        <Section title="Leaderboard">
          <p className="px-3 py-2 text-muted">
            After the first run that ends, this shows how well each agent does each type of task.
          </p>
        </Section>
      )}
      {types.map(([taskType, stats]) => (
        <Section key={taskType} title={`Leaderboard: ${taskType}`}>
          <Ranks taskType={taskType} stats={stats} names={names} />
        </Section>
      ))}
    </>
  )
}

type RanksProps = Readonly<{ taskType: string; stats: readonly AgentStats[]; names: ReadonlyMap<string, string> }>

/** Whoever is surely good comes before whoever was lucky once. */
const Ranks = ({ taskType, stats, names }: RanksProps) => (
  <DataTable<AgentStats>
    label={`Leaderboard of ${taskType}`}
    rows={stats.toSorted((a, b) => rankOf(b) - rankOf(a))}
    keyOf={({ agentId, model, role }) => `${agentId} ${role} ${model}`}
    columns={[
      {
        title: 'Agent',
        cell: ({ agentId }) => (
          <Link to="/agents/$agentId" params={{ agentId }} className="text-accent underline">
            {names.get(agentId) ?? agentId}
          </Link>
        ),
      },
      { title: 'Model', wide: true, cell: ({ model }) => model },
      {
        title: 'Succeeded, 95 % sure',
        cell: ({ successes, runs }) => <Certainty interval={wilson(successes, runs)} />,
      },
      { title: 'Tasks', number: true, cell: ({ runs }) => count(runs) },
      { title: 'Mean score', number: true, cell: ({ meanScore }) => (meanScore === null ? '–' : percent(meanScore)) },
      {
        title: 'Mean time',
        number: true,
        wide: true,
        cell: ({ meanLatencyMs }) => (meanLatencyMs === null ? '–' : duration(meanLatencyMs)),
      },
      {
        title: 'Mean tokens',
        number: true,
        wide: true,
        cell: ({ meanTokens }) => (meanTokens === null ? '–' : count(Math.round(meanTokens))),
      },
      {
        title: 'Mean cost',
        number: true,
        wide: true,
        cell: ({ meanCostUsd }) => (meanCostUsd === null ? '–' : usd(meanCostUsd)),
      },
    ]}
  />
)

const rankOf = ({ successes, runs }: AgentStats): number => wilson(successes, runs)?.low ?? 0

const WIDTH = 96

function Certainty({ interval }: Readonly<{ interval: Interval | null }>) {
  if (interval === null) return <span className="text-muted">–</span>
  const { low, mid, high } = interval
  return (
    <span className="flex items-center gap-2">
      <svg width={WIDTH} height="10" aria-hidden="true" className="max-sm:hidden">
        <rect width={WIDTH} y="4" height="2" className="fill-line" />
        <rect
          x={low * WIDTH}
          y="2"
          width={Math.max(2, (high - low) * WIDTH)}
          height="6"
          className="fill-active opacity-40"
        />
        <rect x={Math.min(WIDTH - 2, mid * WIDTH)} width="2" height="10" className="fill-active" />
      </svg>
      <span className="numeric">
        {percent(mid)}{' '}
        <span className="text-muted">
          ({percent(low)} to {percent(high)})
        </span>
      </span>
    </span>
  )
}
