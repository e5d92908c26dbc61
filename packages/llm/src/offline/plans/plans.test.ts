import { PlanSchema, planIssues, type Plan } from '@flotilla/domain'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { ask, requestOf } from '../offline.test-support.ts'
import { replyText } from '../../port.ts'

const TYPES = [
  'comparison',
  'question',
  'research',
  'writing',
  'development',
  'security_audit',
  'data',
  'custom',
  'unheard-of',
]
const NOTES = ['a.md', 'b notes.md', 'a.txt']

async function plan(
  type: string,
  goal: string,
  documents: readonly string[] = NOTES,
  tools = 'knowledge_search\nread_document\nwrite_artifact',
) {
  const prompt = `<mode>COORDINATOR</mode>
<goal>\n${goal}\n</goal>
<request_type>\n${type}\n</request_type>
<documents>\n${documents.map((name) => `<document name="${name}" lines="40" heading="Notes" />`).join('\n')}\n</documents>
<roles>\n<role name="researcher">\nReads\n</role>\n<role name="analyst">\nThinks\n</role>\n<role name="developer">\nBuilds\n</role>\n</roles>
<tools>\n${tools}\n</tools>`
  const answer = JSON.parse(replyText(await ask(requestOf(prompt)))) as {
    reason: string
    tasks: Record<string, unknown>[]
    result: string
  }
  const tasks = answer.tasks.map((task) =>
    Object.fromEntries(Object.entries(task).filter(([, value]) => value !== null)),
  )
  const plain = tasks.map((task) => ({
    ...task,
    verify: (task['verify'] as object[]).map((one) =>
      Object.fromEntries(Object.entries(one).filter(([, value]) => value !== null)),
    ),
  }))
  const parsed: Plan = v.parse(PlanSchema, { tasks: plain, result: answer.result })
  expect(planIssues(parsed)).toEqual([])
  return { ...parsed, reason: answer.reason, byKey: new Map(parsed.tasks.map((task) => [task.key, task])) }
}

describe('every template', () => {
  test.each(TYPES)('%s makes a valid plan with a result, with documents and without', async (type) => {
    for (const documents of [[], ['one.md'], NOTES]) {
      const made = await plan(type, 'Compare Arbel and Brindle and recommend one?', documents)
      const sinks = made.tasks.filter(({ key }) => !made.tasks.some((task) => task.dependsOn.includes(key)))
      expect(sinks.map(({ key }) => key)).toEqual([made.result])
      expect(made.byKey.get(made.result ?? '')?.verify.some((criterion) => 'judge' in criterion)).toBe(true)
      expect(made.reason).not.toBe('')
    }
  })

  test('asks for citations only where there are documents, and only for tools that exist', async () => {
    const made = await plan('research', 'Research leave', [], 'write_artifact')
    expect(made.tasks.flatMap(({ verify }) => verify)).not.toContainEqual(
      expect.objectContaining({ rule: 'citations' }),
    )
    expect(new Set(made.tasks.flatMap(({ tools }) => tools ?? []))).toEqual(new Set(['write_artifact']))
  })
})

describe('plans differ with what is asked', () => {
  test('a comparison reads each document in parallel, then compares, then recommends', async () => {
    const made = await plan('comparison', 'Compare the guarantees and recommend one for payments')
    const readers = made.tasks.filter(({ type }) => type === 'extract')
    expect(readers.map(({ key, dependsOn }) => [key, dependsOn])).toEqual([
      ['extract-a', []],
      ['extract-b-notes', []],
      ['extract-a-2', []],
    ])
    expect(readers[1]?.instructions).toContain('b notes.md')
    expect(made.byKey.get('compare')?.dependsOn).toEqual(readers.map(({ key }) => key))
    expect(made.byKey.get('recommend')?.dependsOn).toEqual(['compare', 'contradictions'])
    expect(made.result).toBe('recommend')
    expect((await plan('comparison', 'Compare the guarantees')).result).toBe('report')
  })

  test('many documents share readers', async () => {
    const many = Array.from({ length: 100 }, (_, i) => `note-${i}.md`)
    const made = await plan('comparison', 'Compare them', many)
    const readers = made.tasks.filter(({ type }) => type === 'extract')
    expect(readers).toHaveLength(12)
    for (const name of many) expect(readers.some(({ instructions }) => instructions.includes(name))).toBe(true)
  })

  test('several questions are looked up at the same time', async () => {
    const made = await plan('question', 'How long is leave? Who approves it?')
    expect(made.tasks.map(({ key }) => key)).toEqual(['find-1', 'find-2', 'answer'])
    expect((await plan('question', 'How long is leave?')).tasks.map(({ key }) => key)).toEqual(['find', 'answer'])
  })

  test('development builds the parts that the goal names, by the roles that there are', async () => {
    const made = await plan('development', 'Build a REST API and a web page on a database', [])
    const parts = made.tasks.filter(({ type }) => type === 'code')
    expect(parts.map(({ key, role }) => [key, role])).toEqual([
      ['implement-data-model', 'developer'],
      ['implement-api', 'developer'],
      ['implement-ui', 'developer'],
    ])
    expect(made.byKey.get('design')?.role).toBe('developer')
    expect(made.byKey.get('test')?.role).toBe('tester')
  })
})
