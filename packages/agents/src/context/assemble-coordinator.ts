import type { Issue, Json, JsonObject } from '@flotilla/domain'
import type { DocumentInfo } from '../brief.ts'
import { coordinatorPrompt } from '../prompts/coordinator.ts'
import { assemblePrompt } from './assemble-prompt.ts'
import type { AssembledContext, CountTokens } from './context-record.ts'
import { documentsSection, inputsSection, listSection, textSection } from './draft-sections.ts'
import { escapeText, tag } from './markup.ts'

const ORDER = [
  'goal',
  'inputs',
  'request_type',
  'complexity',
  'requirements',
  'documents',
  'roles',
  'tools',
  'schema',
  'previous_plan',
  'issues',
]

/** The prompt of a planner (mode COORDINATOR): a goal and what there is to work with; `repair` after an invalid plan. */
export function assembleCoordinatorContext(input: {
  goal: string
  inputs: JsonObject
  requestType: string
  complexity: string
  requirements: readonly string[]
  documents: readonly DocumentInfo[]
  roles: readonly Readonly<{ role: string; description: string }>[]
  tools: readonly string[]
  schema: JsonObject
  repair?: Readonly<{ plan: Json; issues: readonly Issue[] }>
  tokenBudget: number
  countTokens: CountTokens
}): AssembledContext {
  const { repair } = input
  const issues = (repair?.issues ?? []).map(({ path, message }) => tag('issue', { path }, escapeText(message)))
  return assemblePrompt({
    mode: 'COORDINATOR',
    prompt: coordinatorPrompt,
    system: coordinatorPrompt.text,
    sections: [
      textSection('goal', input.goal, 0.6, 'the goal of the run'),
      textSection('request_type', input.requestType, 0.1, 'what kind of request it is'),
      textSection('complexity', input.complexity, 0.1, 'how hard it looks'),
      textSection('schema', JSON.stringify(input.schema), 0.6, 'the form of the plan'),
      listSection('issues', issues, 0.5, 'what was wrong with the last plan'),
      listSection(
        'roles',
        input.roles.map(({ role, description }) => tag('role', { name: role }, escapeText(description))),
        0.4,
        'roles that have an agent',
      ),
      listSection('tools', input.tools, 0.3, 'tools that tasks may use'),
      listSection('requirements', input.requirements.map(escapeText), 0.4, 'what the analysis found'),
      documentsSection(input.documents),
      inputsSection(input.inputs),
      textSection('previous_plan', repair === undefined ? '' : JSON.stringify(repair.plan), 0.9, 'the invalid plan'),
    ],
    order: ORDER,
    tokenBudget: input.tokenBudget,
    countTokens: input.countTokens,
  })
}
