import type { JsonObject } from '@flotilla/domain'
import type { ModelRequest, ToolCallPart } from '../port.ts'
import { demandsIn } from './answers/requirements.ts'
import { asksForDisagreement } from './disagreement.ts'
import { gatherEvidence } from './evidence.ts'
import { behaviourOf, documentsNamed, focusOf } from './intent.ts'
import type { Material } from './material.ts'
import { topicWords } from './words.ts'

/** A call before it has its id. */
export type PlannedCall = Readonly<{ name: string; arguments: JsonObject }>
/** What an agent does next: it asks for tools, or it answers. `write` is the artifact that its answer is to be saved as. */
export type AgentStep =
  | Readonly<{ kind: 'call'; calls: readonly PlannedCall[] }>
  | Readonly<{ kind: 'write'; name: string }>
  | Readonly<{ kind: 'answer' }>

const SEARCH_LIMIT = 12
const MAX_QUERY_WORDS = 24
/** Whole documents read at the task's own naming, all of them where sources are held against each other; pages of one. */
const MAX_READ = 3
const MAX_READ_ALL = 24
const MAX_PAGES = 4

/** Looks before it answers, reads on where a document went on, and saves what the task wants saved. */
export function nextStep(request: ModelRequest, material: Material): AgentStep {
  const offered = new Set((request.tools ?? []).map(({ name }) => name))
  const made = callsMade(request)
  if (made.length === 0) {
    const calls = lookUps(material, offered)
    if (calls.length > 0) return { kind: 'call', calls }
  }
  const further = offered.has('read_document') ? readOn(request, made) : []
  if (further.length > 0) return { kind: 'call', calls: further }
  const checks = offered.has('knowledge_search') ? lookUpDemands(request, material) : []
  if (checks.length > 0) return { kind: 'call', calls: checks }
  const artifact = artifactWanted(material)
  const written = made.some(({ name }) => name === 'write_artifact')
  if (artifact !== null && offered.has('write_artifact') && !written) return { kind: 'write', name: artifact }
  return { kind: 'answer' }
}

const callsMade = (request: ModelRequest): ToolCallPart[] =>
  request.messages.flatMap((message) =>
    message.role === 'assistant' ? message.content.filter((part) => part.type === 'tool_call') : [],
  )

function lookUps(material: Material, offered: ReadonlySet<string>): PlannedCall[] {
  if (material.documents.length === 0) return []
  const { focus, aside } = focusOf(material)
  const everything = behaviourOf(material) !== 'extract' && asksForDisagreement(`${focus}\n${aside}`)
  const own = documentsNamed(material)
  const named = everything ? (own.length > 1 ? own : material.documents).slice(0, MAX_READ_ALL) : own.slice(0, MAX_READ)
  const reads = offered.has('read_document')
    ? named.map((name) => ({ name: 'read_document', arguments: { name } }))
    : []
  // Who has read the document that the task is about need not search the others.
  if (reads.length > 0 && behaviourOf(material) === 'extract') return reads
  const searches = offered.has('knowledge_search')
    ? queriesFor(material).map((query) => ({ name: 'knowledge_search', arguments: { query, limit: SEARCH_LIMIT } }))
    : []
  return [...reads, ...searches]
}

/** The question's own words, and what a recommendation is measured by. */
function queriesFor(material: Material): string[] {
  const { focus, aside } = focusOf(material)
  const words = topicWords(`${focus}\n${aside}`).slice(0, MAX_QUERY_WORDS).join(' ')
  const first = words === '' ? focus.slice(0, 200) || material.goal.slice(0, 200) : words
  if (first.trim() === '') return []
  const behaviour = behaviourOf(material)
  return behaviour === 'recommend'
    ? [first, `must should need requirements ${topicWords(material.goal).slice(0, 8).join(' ')}`.trim()]
    : [first]
}

const DEMAND_LIMIT = 6

/** Once it has seen what is demanded of the options, it looks each demand up. */
function lookUpDemands(request: ModelRequest, material: Material): PlannedCall[] {
  const turns = request.messages.filter((message) => message.role === 'assistant').length
  if (turns !== 1 || behaviourOf(material) !== 'recommend') return []
  const evidence = gatherEvidence(material, material.goal, focusOf(material).focus)
  return demandsIn(evidence).map(({ statement }) => ({
    name: 'knowledge_search',
    arguments: { query: statement.text.slice(0, 300), limit: DEMAND_LIMIT },
  }))
}

const GOES_ON = /read on with startLine (\d+)/

/** The next page of each document whose last page said that it goes on. */
function readOn(request: ModelRequest, made: readonly ToolCallPart[]): PlannedCall[] {
  const last = request.messages.at(-1)
  if (last?.role !== 'user') return []
  return last.content.flatMap((part) => {
    const next =
      part.type === 'tool_result' && part.name === 'read_document' ? GOES_ON.exec(part.content.slice(-200)) : null
    const call = part.type === 'tool_result' ? made.find(({ id }) => id === part.callId) : undefined
    const name = call?.arguments['name']
    if (next === null || typeof name !== 'string') return []
    const pages = made.filter((other) => other.name === 'read_document' && other.arguments['name'] === name).length
    return pages >= MAX_PAGES ? [] : [{ name: 'read_document', arguments: { name, startLine: Number(next[1]) } }]
  })
}

const FILE_NAME = /[\p{L}\p{N}][\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_-]+)*\.(?:md|txt|json|csv|html|yaml|yml)\b/gu
const SAVES =
  /\b(?:write_artifact|artifacts?|save|saved|write (?:it|the \w+|your \w+) (?:to|as|into)|deliverable|produce (?:a|the) (?:file|document))\b/i

/** The file that a criterion or the task asks for; null when none is. */
export function artifactWanted({ criteria, task, documents }: Material): string | null {
  const demanded = criteria.find(({ rule, name }) => rule === 'artifact' && name !== '')
  if (demanded) return demanded.name
  const text = `${task.title}\n${task.text}`
  if (!SAVES.test(text)) return null
  const named = (text.match(FILE_NAME) ?? []).find((name) => !documents.includes(name))
  return named ?? `${task.key || 'answer'}.md`
}
