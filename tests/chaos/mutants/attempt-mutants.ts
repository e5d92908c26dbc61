import type { Edit, Killer, Mutant } from './mutant.ts'

const inFile = (file: string, find: string, replace = ''): readonly Edit[] => [
  { file: `packages/${file}`, find, replace },
]
const unit = (...files: string[]): Killer => ({
  by: 'tests',
  project: 'unit',
  files: files.map((file) => `packages/agents/src/executor/${file}`),
})
const integration = (file: string): Killer => ({ by: 'tests', project: 'integration', files: [`packages/${file}`] })
const EXECUTOR = 'agents/src/executor'

/** An attempt, its turns and its tool calls with one line less. */
export const ATTEMPT_MUTANTS: readonly Mutant[] = [
  {
    name: 'tools-before-turn',
    guards: 'a turn is recorded before its tool calls begin, and whoever cannot record it begins none',
    edits: inFile(
      `${EXECUTOR}/execute-attempt.ts`,
      "    if (!(await this.deps.recordTurn(turn))) return { kind: 'lost', ...this.spent() }\n",
    ),
    killer: unit('execute-attempt.test.ts'),
  },
  {
    name: 'dispatch-before-ledger',
    guards: 'a tool call is in the ledger before it is dispatched',
    edits: inFile(
      `${EXECUTOR}/answer-tool-call.ts`,
      'const start = await deps.startToolCall(started)',
      'void deps.startToolCall(started)\n  const start = true as Awaited<ReturnType<typeof deps.startToolCall>>',
    ),
    killer: unit('execute-attempt.test.ts'),
  },
  {
    name: 'finished-call-repeated',
    guards: 'a tool call whose outcome is on record is not made again',
    edits: inFile(`${EXECUTOR}/answer-tool-call.ts`, "if (past.status !== 'started')", 'if (false)'),
    killer: unit('execute-attempt.test.ts', 'unknown-outcome.test.ts'),
  },
  {
    name: 'unsafe-call-repeated',
    guards: 'an unsafe call of unknown outcome is not made again before somebody has said what became of it',
    edits: inFile(
      `${EXECUTOR}/answer-tool-call.ts`,
      "if (tool?.retry !== 'unsafe' || past.mayRepeat) return { kind: 'open' }",
      "if (tool !== null) return { kind: 'open' }",
    ),
    killer: unit('unknown-outcome.test.ts'),
  },
  {
    name: 'unsafe-call-repeated-blindly',
    guards: 'a worker that takes over knows of the calls that were under way, and repeats no unsafe one',
    edits: inFile(
      `${EXECUTOR}/conversation.ts`,
      'find((call) => call.n === n)',
      "find((call) => call.n === n && call.status !== 'started')",
    ),
    killer: integration('engine/src/durable-turns.itest.ts'),
  },
  {
    name: 'effect-id-of-the-attempt',
    guards: 'a call that is repeated by another worker has the effect id that it had',
    edits: inFile(
      `${EXECUTOR}/conversation.ts`,
      "beginConversation(first.request.system ?? '', first.attempt)",
      "beginConversation(first.request.system ?? '', first.attempt + 1)",
    ),
    killer: integration('engine/src/durable-turns.itest.ts'),
  },
  {
    name: 'may-repeat-for-ever',
    guards: 'a decision to repeat an unsafe call is used up by its next start',
    edits: inFile('db/src/functions/work.sql.ts', 'set may_repeat = false', 'set may_repeat = tool_calls.may_repeat'),
    killer: integration('engine/src/approvals.itest.ts'),
  },
  {
    name: 'yield-unheard',
    guards: 'an attempt that is to yield hands its task back at the next turn boundary',
    edits: inFile(
      `${EXECUTOR}/execute-attempt.ts`,
      "return this.input.yielding.aborted ? { kind: 'released', ...this.spent() } : null",
      'return null',
    ),
    killer: unit('execute-attempt.test.ts'),
  },
]
