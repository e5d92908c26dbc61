import { userText, type Message, type ModelRequest, type ToolSpec } from '../port.ts'
import { replyText, replyToolCalls, type ModelReply } from '../port.ts'
import { createOfflineProvider } from './offline-model.ts'
import { statementsOfLines, type KnownLines, type Statement } from './statements.ts'

export type Documents = Readonly<Record<string, string>>

export const linesOf = (documents: Documents): KnownLines =>
  new Map(
    Object.entries(documents).map(([name, text]) => [name, new Map(text.split('\n').map((line, i) => [i + 1, line]))]),
  )

export const statementsIn = (documents: Documents): Statement[] => statementsOfLines(linesOf(documents))

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

const passagesOf = (documents: Documents): string =>
  Object.entries(documents)
    .map(([name, text]) => {
      const lines = text.split('\n').map((line, i) => `${i + 1}: ${escape(line)}`)
      return `<passage document="${name}" lines="1-${lines.length}">\n${lines.join('\n')}\n</passage>`
    })
    .join('\n')

export type TaskPrompt = Readonly<{
  goal: string
  task?: string
  type?: string
  title?: string
  documents?: Documents
  /** Documents of the run of which no passage is shown. */
  unseen?: readonly string[]
  criteria?: string
  dependencies?: Readonly<Record<string, string>>
  extra?: string
}>

/** The prompt of an agent with whole documents as its passages. */
export function taskPrompt({
  goal,
  task = goal,
  type = '',
  title = '',
  documents = {},
  unseen = [],
  criteria = '',
  dependencies = {},
  extra = '',
}: TaskPrompt): string {
  const names = [...Object.keys(documents), ...unseen].map((name) => `<document name="${name}" lines="9" />`)
  const earlier = Object.entries(dependencies).map(
    ([key, text]) => `<dependency key="${key}" title="${key}">\n${escape(text)}\n</dependency>`,
  )
  return [
    '<mode>TASK_EXECUTION</mode>',
    `<goal>\n${escape(goal)}\n</goal>`,
    `<documents>\n${names.join('\n')}\n</documents>`,
    `<dependencies>\n${earlier.join('\n')}\n</dependencies>`,
    `<passages>\n${passagesOf(documents)}\n</passages>`,
    extra,
    `<criteria>\n${criteria}\n</criteria>`,
    `<task key="work" role="worker" type="${type}" title="${title}">\n${escape(task)}\n</task>`,
  ].join('\n\n')
}

export const requestOf = (prompt: string, more: Partial<ModelRequest> = {}): ModelRequest => ({
  model: 'default',
  system: 'You are an agent.',
  messages: [userText(prompt)],
  maxOutputTokens: 4_000,
  ...more,
})

export async function ask(request: ModelRequest): Promise<ModelReply> {
  const outcome = await createOfflineProvider().call(request, { signal: new AbortController().signal })
  if (!outcome.ok) throw new Error(outcome.failure.message)
  return outcome.reply
}

/** The answer to a task without tools. */
export const answerTo = async (prompt: TaskPrompt, more: Partial<ModelRequest> = {}): Promise<string> =>
  replyText(await ask(requestOf(taskPrompt(prompt), more)))

const spec = (name: string): ToolSpec => ({ name, description: name, parameters: { type: 'object' } })
export const TOOLS = ['knowledge_search', 'read_document', 'write_artifact'].map(spec)

export type Conversation = Readonly<{ calls: { name: string; arguments: Record<string, unknown> }[]; text: string }>

/** Plays a whole conversation: every tool call is answered by `respond`, until the model answers. */
export async function converse(
  request: ModelRequest,
  respond: (name: string, args: Record<string, unknown>) => string,
): Promise<Conversation> {
  const messages: Message[] = [...request.messages]
  const calls: Conversation['calls'] = []
  for (let turn = 0; turn < 12; turn++) {
    const reply = await ask({ ...request, messages })
    const asked = replyToolCalls(reply)
    if (asked.length === 0) return { calls, text: replyText(reply) }
    calls.push(...asked.map(({ name, arguments: args }) => ({ name, arguments: args })))
    const results = asked.map(({ id, name, arguments: args }) => ({
      type: 'tool_result' as const,
      callId: id,
      name,
      content: respond(name, args),
    }))
    messages.push({ role: 'assistant', content: reply.content }, { role: 'user', content: results })
  }
  throw new Error('no answer within 12 turns')
}

export const HANDBOOK: Documents = {
  'handbook.md': `# Employee handbook 2024

## Leave
Full-time employees get 25 days of paid annual leave. Unused leave can be carried over until 31 March of the next year.
Parental leave is 16 weeks at full pay for either parent.

## Remote work
Remote work is allowed on two days a week. Working from abroad is not permitted.
`,
  'faq.md': `# Questions and answers

**How many days of annual leave do I have?**
All employees have 28 days of annual leave, plus public holidays.

**Can I work from abroad?**
Working from abroad is permitted for up to 20 days a year.

**Who pays for training?**
The company pays for training up to 1,500 euros a year. Your team lead approves it.
`,
}

export const SYSTEMS: Documents = {
  'notes.md': `# Notes

## Arbel
Arbel acknowledges a job only after it has been flushed to disk. Arbel keeps history for 30 days.

## Brindle
Brindle keeps history for 2 days. A power cut can lose up to 1 second of jobs on Brindle.
`,
  'tests.md': `# Tests

## Arbel
Arbel acknowledges a job before it has been flushed to disk. Arbel lost no job in 50 power cuts.

## Brindle
Brindle lost jobs in every power cut.

| System | Jobs lost | Failover |
|---|---|---|
| Arbel | 0 | 4 s |
| Brindle | 900 | 30 s |
`,
  'needs.md': `# What we need

- A job must never be lost in a power cut.
- History must be kept for at least 20 days.
`,
}
