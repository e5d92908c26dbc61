import { Link } from '@tanstack/react-router'
import { useAgents } from '../agents/use-agents.ts'
import type { TaskLine } from './task-lines.ts'

/** Which of its agents nobody wrote: made for a role that had none. */
export function DraftedAgents({ tasks }: Readonly<{ tasks: readonly TaskLine[] }>) {
  const agents = useAgents() ?? []
  const used = new Set(tasks.map(({ agentId }) => agentId))
  const drafted = agents.filter(({ id, origin }) => origin === 'drafted' && used.has(id))
  if (drafted.length === 0) return null
  return (
    <p className="panel border-warn px-3 py-2 [overflow-wrap:anywhere]">
      {drafted.map(({ id, name, role }) => (
        <span key={id} className="block">
          No agent had the role @{role}, so one was drafted for it from the plan’s words:{' '}
          <Link to="/agents/$agentId" params={{ agentId: id }} className="text-accent underline">
            {name}
          </Link>
          . Look it over, or give the role an agent of your own.
        </span>
      ))}
    </p>
  )
}
