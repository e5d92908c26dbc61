import type { Agent, AgentInput } from '@flotilla/domain'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { client } from '../api/client.ts'
import { fullTime } from '../format/times.ts'
import { Loading, Problem } from '../parts/notice.tsx'
import { newKey } from '../api/idempotency.ts'
import { Page } from '../parts/page.tsx'
import { AgentForm } from './agent-form.tsx'
import { Versions } from './versions.tsx'
import { EMPTY_AGENT, type AgentFields, agentInput, fieldsOf } from './agent-fields.ts'

const route = getRouteApi('/agents/$agentId')

/** An agent's card and its editor; `new` is one that is not there yet. */
export default function AgentPage() {
  const { agentId } = route.useParams()
  return agentId === 'new' ? <NewAgent /> : <KnownAgent key={agentId} id={agentId} />
}

function NewAgent() {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const create = useMutation({
    mutationFn: (input: AgentInput) => client.agents.create(input, { idempotencyKey: newKey() }),
    onSuccess: async (agent) => {
      await queries.invalidateQueries({ queryKey: ['agents'] })
      await navigate({ to: '/agents/$agentId', params: { agentId: agent.id }, ignoreBlocker: true })
    },
  })
  return (
    <Page title="New agent">
      <AgentForm
        start={EMPTY_AGENT}
        verb="Create the agent"
        busy={create.isPending}
        error={create.error}
        saved={create.isSuccess}
        onSave={(fields) => create.mutate(agentInput(fields, null))}
      />
    </Page>
  )
}

function KnownAgent({ id }: Readonly<{ id: string }>) {
  const { data, error } = useQuery({
    queryKey: ['agent', id],
    queryFn: ({ signal }) => client.agents.get(id, { signal }),
  })
  if (data === undefined)
    return (
      <Page title="Agent">
        {error === null ? <Loading what="the agent" /> : <Problem error={error} what="The agent cannot be shown." />}
      </Page>
    )
  return <EditAgent agent={data} />
}

const ORIGINS = {
  builtin: 'built in; what you save here takes its place',
  drafted: 'drafted for a plan that asked for its role',
  user: 'made by you',
} as const satisfies Record<Agent['origin'], string>

function EditAgent({ agent }: Readonly<{ agent: Agent }>) {
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: (fields: AgentFields) => client.agents.replace(agent.id, agentInput(fields, agent)),
    onSuccess: (saved) => {
      queries.setQueryData(['agent', agent.id], saved)
      void queries.invalidateQueries({ queryKey: ['agents'] })
    },
  })
  return (
    <Page
      title={agent.name}
      lead={
        <p className="flex flex-wrap gap-x-4 text-muted">
          <code>{agent.id}</code>
          <span>version {agent.version}</span>
          <span>{ORIGINS[agent.origin]}</span>
          <span>changed {fullTime(agent.updatedAt)}</span>
        </p>
      }
    >
      <AgentForm
        key={agent.version}
        start={fieldsOf(agent)}
        verb="Save a new version"
        busy={save.isPending}
        error={save.error}
        saved={false}
        note={save.isSuccess ? `Saved as version ${agent.version}.` : ''}
        onSave={(fields) => save.mutate(fields)}
      />
      <Versions agent={agent} />
    </Page>
  )
}
