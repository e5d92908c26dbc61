import { ProblemError } from '@flotilla/client'
import type { Agent, AgentInput } from '@flotilla/domain'
import { issueWords } from '../format/issue-words.ts'
import { sentence } from '../format/sentence.ts'

/** An agent as it stands in the form. */
export type AgentFields = Readonly<{
  name: string
  role: string
  description: string
  capabilities: string
  model: string
  systemPrompt: string
  tools: string
  maxTurns: string
  maxOutputTokens: string
  enabled: boolean
}>

export const EMPTY_AGENT: AgentFields = {
  name: '',
  role: '',
  description: '',
  capabilities: '',
  model: '',
  systemPrompt: '',
  tools: 'knowledge_search, write_artifact',
  maxTurns: '12',
  maxOutputTokens: '4096',
  enabled: true,
}

export const fieldsOf = (agent: Agent): AgentFields => ({
  name: agent.name,
  role: agent.role,
  description: agent.description,
  capabilities: agent.capabilities.join(', '),
  model: agent.model ?? '',
  systemPrompt: agent.systemPrompt,
  tools: agent.tools.join(', '),
  maxTurns: String(agent.maxTurns),
  maxOutputTokens: String(agent.maxOutputTokens),
  enabled: agent.enabled,
})

/** What the API takes; settings of the model, which the form does not show, stay as they are. */
export const agentInput = (fields: AgentFields, before: Agent | null): AgentInput => ({
  name: fields.name.trim(),
  role: fields.role.trim(),
  description: fields.description,
  capabilities: listOf(fields.capabilities),
  model: fields.model.trim() === '' ? null : fields.model.trim(),
  systemPrompt: fields.systemPrompt,
  tools: listOf(fields.tools),
  maxTurns: Number(fields.maxTurns),
  maxOutputTokens: Number(fields.maxOutputTokens),
  enabled: fields.enabled,
  ...(before === null ? {} : { modelSettings: before.modelSettings }),
})

export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

/** What the API refuses, by the field that it is about; none where it is about something else. */
export function problemsOf(error: unknown): ReadonlyMap<keyof AgentFields, string> {
  const issues = error instanceof ProblemError ? (error.problem.errors ?? []) : []
  const found = new Map<keyof AgentFields, string>()
  for (const { path, message: raw } of issues) {
    const message = sentence(issueWords(raw))
    const name = path.split('/').find((part) => part !== '')
    if (name === undefined || !isField(name)) return new Map()
    const before = found.get(name)
    found.set(name, before === undefined ? message : `${before} ${message}`)
  }
  return found
}

const isField = (name: string): name is keyof AgentFields => name in EMPTY_AGENT
