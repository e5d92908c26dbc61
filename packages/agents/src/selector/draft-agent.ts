import { AgentInputSchema, type AgentInput } from '@flotilla/domain'
import * as v from 'valibot'
import type { TaskWords } from './capability-match.ts'

export const DRAFTED_TOOLS = ['knowledge_search', 'write_artifact']

/**
 * An agent for a role that has none, from the role's words and its first task. It is stored with the origin `drafted`, so
 * that every surface shows that nobody wrote it.
 */
export function draftAgent(role: string, task: TaskWords): AgentInput {
  const words = role
    .split('-')
    .filter((word) => word !== '')
    .join(' ')
  const name = words.charAt(0).toUpperCase() + words.slice(1)
  return v.parse(AgentInputSchema, {
    name: `${name} (drafted)`,
    role,
    description: `Does the work of the role "${words}". Drafted for the task "${short(task.title || task.instructions || words)}".`,
    capabilities: [words],
    systemPrompt: `You are an experienced ${words}. Do the work as someone of that trade would: with its methods, its care and its vocabulary, and say where the material at hand is not enough for a sound result.`,
    tools: DRAFTED_TOOLS,
  })
}

const short = (text: string): string => {
  const plain = text.replaceAll('\u0000', '').replace(/\s+/g, ' ').trim()
  return plain.length > 120 ? `${plain.slice(0, 119)}…`.toWellFormed() : plain.toWellFormed()
}
