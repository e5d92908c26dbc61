import type { ModelRequest } from '../../port.ts'
import { findSections, parseSections, sectionText, type Section } from '../sections.ts'

/** What a planner's prompt says of a request. */
export type PlanRequest = Readonly<{
  goal: string
  type: string
  complexity: string
  documents: readonly Readonly<{ name: string; heading: string }>[]
  roles: readonly string[]
  tools: readonly string[]
}>

export function readPlanRequest(request: ModelRequest): PlanRequest {
  const [message] = request.messages
  const prompt = (message?.content ?? []).flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
  const root = parseSections(prompt)
  return {
    goal: sectionText(root, 'goal') || prompt.trim(),
    type: sectionText(root, 'request_type').toLowerCase(),
    complexity: sectionText(root, 'complexity').toLowerCase(),
    documents: documentsOf(root),
    roles: findSections(root, 'role').flatMap(({ attributes, text }) => attributes['name'] ?? (text.trim() || [])),
    tools: sectionText(root, 'tools')
      .split(/[\s,]+/)
      .filter((name) => name !== ''),
  }
}

const documentsOf = (root: Section): { name: string; heading: string }[] =>
  findSections(root, 'document').flatMap(({ attributes }) =>
    attributes['name'] === undefined ? [] : [{ name: attributes['name'], heading: attributes['heading'] ?? '' }],
  )
