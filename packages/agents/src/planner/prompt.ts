import type { Analysis, Issue, JsonObject } from '@flotilla/domain'
import { assemblePrompt } from '../context/assemble-prompt.ts'
import type { AssembledContext, CountTokens } from '../context/context-record.ts'
import { inputsSection, listSection, textSection } from '../context/draft-sections.ts'
import { escapeText, tag } from '../context/markup.ts'
import { coordinatorPrompt } from '../prompts/coordinator.ts'
import type { DocumentOutline } from './outline-document.ts'

/** A role that has an agent, as a planner sees it. */
export type RoleInfo = Readonly<{
  role: string
  description: string
  capabilities: readonly string[]
  tools: readonly string[]
}>

export type PlanningInput = Readonly<{
  goal: string
  inputs: JsonObject
  documents: readonly DocumentOutline[]
  analysis: Pick<Analysis, 'type' | 'complexity' | 'requirements'>
  roles: readonly RoleInfo[]
  /** Names of all tools that a task may ask for. */
  tools: readonly string[]
}>

const ORDER = ['goal', 'inputs', 'request_type', 'complexity', 'requirements', 'documents', 'roles', 'tools']

/** The prompt of a planner (mode COORDINATOR): a goal and what there is to work with, escaped. */
export function renderPlanningPrompt(
  input: PlanningInput,
  limits: { tokenBudget: number; countTokens: CountTokens },
): AssembledContext {
  const { analysis } = input
  return assemblePrompt({
    mode: 'COORDINATOR',
    prompt: coordinatorPrompt,
    system: coordinatorPrompt.text,
    sections: [
      textSection('goal', input.goal, 0.6, 'the goal of the run'),
      textSection('request_type', analysis.type, 0.1, 'what kind of request it is'),
      textSection('complexity', analysis.complexity, 0.1, 'how hard it looks'),
      listSection('roles', input.roles.map(roleTag), 0.4, 'roles that have an agent'),
      listSection('tools', input.tools.map(escapeText), 0.3, 'tools that tasks may use'),
      listSection('requirements', analysis.requirements.map(requirementTag), 0.4, 'what the analysis found'),
      listSection('documents', input.documents.map(documentTag), 0.5, 'documents of the run'),
      inputsSection(input.inputs),
    ],
    order: ORDER,
    ...limits,
  })
}

const documentTag = ({ name, lines, sizeBytes, mediaType, pages, heading }: DocumentOutline): string =>
  tag(
    'document',
    mediaType === null
      ? { name, lines, bytes: sizeBytes, heading: heading ?? undefined }
      : { name, type: mediaType, bytes: sizeBytes, pages: pages ?? undefined },
  )

const requirementTag = ({ text, source }: Analysis['requirements'][number]): string =>
  tag('requirement', { source }, escapeText(text))

function roleTag({ role, description, capabilities, tools }: RoleInfo): string {
  const attributes = {
    name: role,
    capabilities: capabilities.join(', ') || undefined,
    tools: tools.join(', ') || undefined,
  }
  return tag('role', attributes, escapeText(description))
}

const MAX_SHOWN_ISSUES = 40

/** Sends an invalid plan back with everything that is wrong with it, as far as it fits. */
export function renderRepair(issues: readonly Issue[]): string {
  const shown = issues
    .slice(0, MAX_SHOWN_ISSUES)
    .map(({ path, message }) => tag('issue', { path }, escapeText(message)))
  const more =
    issues.length > MAX_SHOWN_ISSUES ? [tag('issue', {}, `and ${issues.length - MAX_SHOWN_ISSUES} more`)] : []
  return `${tag('issues', {}, [...shown, ...more].join('\n'))}\n\nYour plan is invalid. Answer with the whole plan, these issues mended.`
}
