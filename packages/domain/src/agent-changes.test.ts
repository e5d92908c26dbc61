import { expect, test } from 'vitest'
import { changedFields } from './agent-changes.ts'
import type { AgentDefinition } from './agent.ts'

const ADA: AgentDefinition = {
  name: 'Ada',
  role: 'writer',
  description: '',
  capabilities: ['reading'],
  model: null,
  systemPrompt: 'Be brief.',
  tools: ['write_artifact'],
  maxTurns: 12,
  maxOutputTokens: 4_096,
  modelSettings: { parallelToolCalls: true, reasoning: { effort: 'low' } },
  enabled: true,
}

test.each<[Partial<AgentDefinition>, string[]]>([
  [{}, []],
  [{ model: 'openai:x', systemPrompt: 'Be brief' }, ['model', 'systemPrompt']],
  [{ capabilities: ['reading', 'citing'], tools: [] }, ['capabilities', 'tools']],
  [{ modelSettings: { reasoning: { effort: 'low' }, parallelToolCalls: true } }, []],
  [{ modelSettings: { reasoning: { effort: 'high' }, parallelToolCalls: true } }, ['modelSettings']],
  [{ enabled: false, maxTurns: 13 }, ['maxTurns', 'enabled']],
])('after %j these differ: %j', (change, fields) => {
  expect(changedFields(ADA, { ...ADA, ...change })).toEqual(fields)
})

test('every field counts', () => {
  const other = Object.fromEntries(Object.keys(ADA).map((field) => [field, 'other'])) as unknown as AgentDefinition
  expect(changedFields(ADA, other).toSorted()).toEqual(Object.keys(ADA).toSorted())
})
