import type { Answer, Asked, Rule } from '@flotilla/testing/model-server'

/** Without what a rule asks for: what an agent forgets at its first try. */
export const FORGETFUL: ReadonlySet<string> = new Set(['tests', 'recommend'])
const FORGOTTEN = 'Nothing here names where it is from.'

const READ: Readonly<Record<string, readonly string[]>> = {
  tests: ['crash-tests.md', 'incident-review.md'],
  claims: ['vendor-answers.md'],
  needs: ['payments-requirements.md'],
  contradictions: ['crash-tests.md', 'vendor-answers.md'],
  recommend: ['payments-requirements.md', 'vendor-answers.md', 'crash-tests.md'],
}
const ARTIFACT = { name: 'recommendation.md', content: '# Recommendation\n\nTallyhouse, with a longer retention.\n' }

/**
 * A model for the example plan: each task searches the documents once, then answers with citations; the last one saves its
 * artifact. Two tasks leave their citations out at first. A judge accepts what names its sources.
 */
export const exampleModel =
  (documents: ReadonlyMap<string, string>): Rule =>
  (asked) => {
    const mode = inside(asked, 'mode')
    if (mode === 'VERIFIER') return judgement(asked)
    if (mode !== 'TASK_EXECUTION') return undefined
    const key = /<task[^>]* key="([^"]+)"/.exec(asked.first)?.[1] ?? ''
    const tools = toolsOf(key, asked.tools)
    const call = tools[asked.turn - 1]
    return call === undefined ? { text: answerOf(key, asked, documents) } : { calls: [call] }
  }

/** A task of the fan: it answers at once. */
export const plainModel: Rule = () => ({ text: 'Harrow waits for its disk.', firstTokenMs: 200 })

const inside = ({ first }: Asked, tag: string): string =>
  new RegExp(`<${tag}[^>]*>\\n([\\s\\S]*?)\\n</${tag}>`).exec(first)?.[1] ?? ''

const judgement = ({ text }: Asked): Answer => {
  const score = text.includes(FORGOTTEN) ? 0.1 : 0.9
  return { text: JSON.stringify({ rationale: 'By whether its statements name their sources.', score }) }
}

type Call = NonNullable<Answer['calls']>[number]

function toolsOf(key: string, offered: readonly string[]): Call[] {
  const search: Call = { name: 'knowledge_search', arguments: { query: `${key} of the job systems` } }
  const save: Call = { name: 'write_artifact', arguments: ARTIFACT }
  return [search, ...(key === 'recommend' ? [save] : [])].filter(({ name }) => offered.includes(name))
}

function answerOf(key: string, { first }: Asked, documents: ReadonlyMap<string, string>): string {
  if (FORGETFUL.has(key) && !first.includes('<revision')) return `About Harrow. ${FORGOTTEN}`
  const names = READ[key] ?? [...documents.keys()]
  const statements = names.flatMap((name) => statementsOf(name, documents.get(name) ?? ''))
  return `What matters of Harrow and the others:\n${statements.join('\n')}`
}

const STATEMENTS = 5
const LEAST_CHARS = 40

/** Some lines of a document, each with where it stands. */
const statementsOf = (name: string, content: string): string[] =>
  content
    .split('\n')
    .map((line, n) => ({ line, cited: `[${name}:${n + 1}]` }))
    .filter(({ line }) => line.length >= LEAST_CHARS && !line.startsWith('|'))
    .slice(0, STATEMENTS)
    .map(({ line, cited }) => `- ${line.replaceAll(/[[\]]/g, '')} ${cited}`)
