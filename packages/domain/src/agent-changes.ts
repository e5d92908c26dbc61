import type { AgentDefinition } from './agent.ts'

/** In the order in which an editor has them. */
const FIELDS = [
  'name',
  'role',
  'description',
  'capabilities',
  'model',
  'modelSettings',
  'tools',
  'maxTurns',
  'maxOutputTokens',
  'enabled',
  'systemPrompt',
] as const satisfies readonly (keyof AgentDefinition)[]
export type AgentField = (typeof FIELDS)[number]

/** The fields in which two versions of an agent differ. */
export const changedFields = (before: AgentDefinition, after: AgentDefinition): AgentField[] =>
  FIELDS.filter((field) => canonical(before[field]) !== canonical(after[field]))

/** Of two objects that differ in the order of their keys alone it makes one text. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )
