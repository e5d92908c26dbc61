import { describe, expect, test } from 'vitest'
import { converse, HANDBOOK, requestOf, SYSTEMS, taskPrompt, TOOLS, type TaskPrompt } from './offline.test-support.ts'

const passage = (name: string, text: string) => `<passage document="${name}" lines="1-1">\n1: ${text}\n</passage>`

const play = (prompt: TaskPrompt, respond: (name: string, args: Record<string, unknown>) => string, tools = TOOLS) =>
  converse(requestOf(taskPrompt(prompt), { tools }), respond)

describe('an agent’s conversation', () => {
  test('it searches before it answers, and answers from what it found', async () => {
    const { calls, text } = await play({ goal: 'How long are logs kept?', type: 'answer', unseen: ['ops.md'] }, () =>
      passage('ops.md', 'Logs are kept for 30 days.'),
    )
    expect(calls).toEqual([{ name: 'knowledge_search', arguments: { query: 'logs kept', limit: 12 } }])
    expect(text).toContain('Logs are kept for 30 days. [ops.md:1]')
  })

  test('it reads the document that its task names, page after page', async () => {
    const { calls, text } = await play(
      {
        goal: 'Find the retention',
        task: 'Extract from ops.md what it says on retention',
        type: 'extract',
        unseen: ['ops.md', 'other.md'],
      },
      (_name, args) =>
        args['startLine'] === undefined
          ? `${passage('ops.md', 'Retention is 30 days here.')}\nLines 2 to 9 did not fit: read on with startLine 2.`
          : '<passage document="ops.md" lines="2-2">\n2: Retention ends in spring.\n</passage>',
    )
    expect(calls).toEqual([
      { name: 'read_document', arguments: { name: 'ops.md' } },
      { name: 'read_document', arguments: { name: 'ops.md', startLine: 2 } },
    ])
    expect(text).toContain('Retention ends in spring. [ops.md:2]')
  })

  test('it saves what the task wants saved, once, and answers with the same text', async () => {
    const { calls, text } = await play(
      { goal: 'How long is parental leave?', task: 'Answer. Save it as the artifact leave.md.', documents: HANDBOOK },
      () => 'ok',
    )
    const saved = calls.filter(({ name }) => name === 'write_artifact')
    expect(saved).toEqual([{ name: 'write_artifact', arguments: { name: 'leave.md', content: text } }])
    expect(text).toContain('16 weeks')
  })

  test('a criterion names the artifact; a document of the run is never written over', async () => {
    const criteria = '<criterion by="rule" rule="artifact" name="out.md">…</criterion>'
    const first = await play({ goal: 'Summarise', documents: HANDBOOK, criteria }, () => 'ok')
    expect(first.calls.at(-1)?.arguments['name']).toBe('out.md')
    const second = await play(
      { goal: 'x', task: 'Summarise faq.md and save the result', documents: HANDBOOK },
      () => 'ok',
    )
    expect(second.calls.at(-1)?.arguments['name']).toBe('work.md')
  })

  test('before it recommends it looks every demand up', async () => {
    const { calls } = await play(
      { goal: 'Compare the systems and recommend one', documents: SYSTEMS, type: 'recommend' },
      () => 'nothing',
    )
    const queries = calls.filter(({ name }) => name === 'knowledge_search').map(({ arguments: args }) => args['query'])
    expect(queries).toContain('A job must never be lost in a power cut.')
    expect(queries).toContain('History must be kept for at least 20 days.')
  })

  test('without documents, and without tools, it answers at once', async () => {
    expect((await play({ goal: 'Plan a party' }, () => '')).calls).toEqual([])
    expect(
      (await play({ goal: 'How long is parental leave?', documents: HANDBOOK, type: 'answer' }, () => '', [])).calls,
    ).toEqual([])
  })

  test('tools that fail do not keep it from answering', async () => {
    const { text } = await play(
      { goal: 'How long is parental leave?', documents: HANDBOOK, type: 'answer' },
      () => 'The tool is broken.',
    )
    expect(text).toContain('16 weeks')
  })
})
