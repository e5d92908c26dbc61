import type { ModelRequest } from '../port.ts'
import { findSections, parseSections, sectionText, type Section } from './sections.ts'
import { GOAL_LINE } from './compose.ts'
import { isRepeat, rarityOf } from './rank.ts'
import { statementsOfAnswer, statementsOfLines, type Statement } from './statements.ts'

export type Criterion = Readonly<{ rule: string | null; value: string; name: string; text: string }>

/** Everything that an agent's prompt and its tools' results hold, read once. */
export type Material = Readonly<{
  goal: string
  task: Readonly<{ key: string; type: string; title: string; text: string }>
  criteria: readonly Criterion[]
  /** Names of the run's documents. */
  documents: readonly string[]
  dependencies: readonly Readonly<{ key: string; title: string; text: string; artifacts: string }>[]
  /** What the documents and the earlier answers say; nothing twice. */
  statements: readonly Statement[]
  /** Those of them that the answers of the task's dependencies state. */
  handedOn: ReadonlySet<Statement>
  /** Criteria that the answer before this one failed, in words. */
  failed: readonly string[]
}>

export function readMaterial(request: ModelRequest): Material {
  const root = parseSections(promptText(request))
  const dependencies = findSections(root, 'dependency').map(({ attributes, text }) => ({
    key: attributes['key'] ?? '',
    title: attributes['title'] ?? '',
    artifacts: attributes['artifacts'] ?? '',
    text,
  }))
  return {
    goal: sectionText(root, 'goal'),
    task: taskOf(root, request),
    criteria: findSections(root, 'criterion').map(criterionOf),
    documents: documentNames(root),
    dependencies,
    ...statementsOf(root, request, dependencies),
    failed: findSections(root, 'failed').map(({ attributes, text }) =>
      `${attributes['criterion'] ?? ''} ${text}`.trim(),
    ),
  }
}

/** The first user message; tool results are read apart, since their text is no prompt. */
const promptText = (request: ModelRequest): string =>
  (request.messages.find((message) => message.role === 'user')?.content ?? [])
    .flatMap((part) => (part.type === 'text' ? [part.text] : []))
    .join('\n')

/** Without any tags the prompt itself is the task. */
function taskOf(root: Section, request: ModelRequest): Material['task'] {
  const [task] = findSections(root, 'task')
  if (task === undefined)
    return { key: '', type: '', title: '', text: sectionText(root, 'goal') || promptText(request).trim() }
  const { key = '', type = '', title = '' } = task.attributes
  return { key, type, title, text: (task.text.split(`\n${GOAL_LINE}`)[0] ?? '').trim() }
}

const criterionOf = ({ attributes, text }: Section): Criterion => ({
  rule: attributes['rule'] ?? null,
  value: attributes['value'] ?? '',
  name: attributes['name'] ?? '',
  text: text.trim(),
})

const documentNames = (root: Section): string[] => [
  ...new Set(findSections(root, 'document').flatMap(({ attributes }) => attributes['name'] ?? [])),
]

function statementsOf(
  root: Section,
  request: ModelRequest,
  dependencies: Material['dependencies'],
): Pick<Material, 'statements' | 'handedOn'> {
  const lines = new Map<string, Map<number, string>>()
  for (const passage of findSections(root, 'passage')) readPassage(passage, lines)
  for (const content of toolResults(request)) {
    for (const passage of findSections(parseSections(content), 'passage')) readPassage(passage, lines)
  }
  const said = statementsOfLines(lines)
  const rarity = rarityOf(said)
  // An earlier answer quotes the documents: what is known first hand is not taken from it again.
  const byLine = new Map<string, Statement[]>()
  for (const statement of said) {
    const key = `${statement.document}:${statement.startLine}`
    byLine.set(key, [...(byLine.get(key) ?? []), statement])
  }
  const handedOn = new Set<Statement>()
  for (const { key, text } of dependencies) {
    for (const statement of statementsOfAnswer(text, key, said.length)) {
      const place = `${statement.document}:${statement.startLine}`
      const known = byLine.get(place) ?? []
      const same = known.find((other) => isRepeat(other, statement, rarity))
      handedOn.add(same ?? statement)
      if (same) continue
      byLine.set(place, [...known, statement])
      said.push(statement)
    }
  }
  return { statements: said, handedOn }
}

const toolResults = (request: ModelRequest): string[] =>
  request.messages.flatMap((message) =>
    message.role === 'user'
      ? message.content.flatMap((part) => (part.type === 'tool_result' ? [part.content] : []))
      : [],
  )

function readPassage(passage: Section, lines: Map<string, Map<number, string>>): void {
  const document = passage.attributes['document']
  if (document === undefined) return
  const known = lines.get(document) ?? new Map<number, string>()
  lines.set(document, known)
  for (const line of passage.text.split('\n')) {
    const match = /^(\d{1,7}): ?(.*)$/.exec(line)
    if (match) known.set(Number(match[1]), match[2] ?? '')
  }
}
