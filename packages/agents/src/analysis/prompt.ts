import type { Issue } from '@flotilla/domain'
import { issueText } from '../ask-model.ts'
import { escapeText, tag } from '../context/markup.ts'
import type { Prompt } from '../prompts/prompt.ts'
import { UNTRUSTED } from '../prompts/shared.ts'
import type { AnalysisInput } from './analyze-by-rules.ts'

export const analysisPrompt: Prompt = {
  id: 'analysis',
  version: 1,
  text: `You read a request to a fleet of agents before it is planned, and say what is asked. Do not do the work and do not plan it.

- "type": what kind of work the <goal> asks for; "custom" only where nothing else fits. "confidence" from 0 to 1.
- "complexity": "simple" is one or two steps for one agent, "complex" needs many steps or many sources.
- "requirements": what the result must fulfil, each in one short sentence. "explicit" ones stand in the goal; "inferred" ones
  any expert would add for this kind of work. No more than fifteen.
- "roles": who is needed, in the order of the work; take from <roles> where they fit.
- "warnings": what is missing or ambiguous in the goal so that the result may disappoint; none if nothing is.

Answer with JSON of the given schema, and nothing else.

${UNTRUSTED}`,
}

const MAX_LISTED = 100

export function renderAnalysisPrompt({ goal, documents, availableRoles, mode }: AnalysisInput): string {
  const listed = documents
    .slice(0, MAX_LISTED)
    .map(({ name, lines, mediaType, heading }) =>
      tag('document', mediaType === null ? { name, lines, heading: heading ?? undefined } : { name, type: mediaType }),
    )
  const roles = availableRoles
    .slice(0, MAX_LISTED)
    .map(({ role, description }) => tag('role', { name: role }, escapeText(description)))
  return [
    tag('mode', {}, 'ANALYSIS'),
    tag('goal', {}, escapeText(goal)),
    tag('documents', { number: documents.length }, listed.join('\n')),
    tag('roles', {}, roles.join('\n')),
    tag('execution', {}, mode),
  ].join('\n\n')
}

export function renderAnalysisRepair(issues: readonly Issue[]): string {
  const list = issues.map((issue) => tag('issue', {}, escapeText(issueText(issue))))
  return `${tag('issues', {}, list.join('\n'))}\n\nYour answer could not be used. Answer again with one JSON object of the given schema.`
}
