import * as v from 'valibot'
import { expect, test } from 'vitest'
import { defineTool, type RetryClass } from '../tools/tool.ts'
import { createToolRegistry } from '../tools/tool-registry.ts'
import type { PastToolCall, PastTurn } from './attempt-outcome.ts'
import { conversationBefore, type PastAttempt } from './past-conversation.ts'

const tool = (name: string, retry: RetryClass) =>
  defineTool({
    name,
    description: name,
    parameters: v.strictObject({}),
    retry,
    timeoutMs: 1_000,
    run: async () => ({ ok: true, text: '' }),
  })
const TOOLS = createToolRegistry([tool('look', 'safe'), tool('pay', 'unsafe')])

/** A turn that calls a tool, or, with none, says something. */
function turn(
  attempt: number,
  number: number,
  called?: string,
  status: PastToolCall['status'] = 'succeeded',
): PastTurn {
  const content = called
    ? [{ type: 'tool_call' as const, id: 'c', name: called, arguments: {} }]
    : [{ type: 'text' as const, text: 'Half an ans' }]
  return {
    attempt,
    turn: number,
    request: { messages: [] },
    reply: { content, model: 'm', provider: 'scripted', simulated: true },
    stopReason: 'end',
    toolCalls: called ? [{ n: 0, status, result: '', mayRepeat: false }] : [],
  }
}
const attempt = (number: number, kind: PastAttempt['kind'], turns: readonly PastTurn[]): PastAttempt => ({
  number,
  kind,
  turns,
})
const places = (turns: readonly PastTurn[]): string[] => turns.map((one) => `${one.attempt}.${one.turn}`)

test('recoveries and continuations go on with all that came before', () => {
  const past = [attempt(1, 'first', [turn(1, 1, 'look')]), attempt(2, 'recovery', [turn(2, 2, 'look')])]
  expect(places(conversationBefore(past, 'continuation', TOOLS))).toEqual(['1.1', '2.2'])
  expect(places(conversationBefore(past, 'recovery', TOOLS))).toEqual(['1.1', '2.2'])
})

test('first attempts and revisions begin anew, and so does a retry', () => {
  const past = [attempt(1, 'first', [turn(1, 1, 'look')])]
  for (const kind of ['first', 'revision', 'retry'] as const) expect(conversationBefore(past, kind, TOOLS)).toEqual([])
})

test('what recovers a retry goes on with the retry alone', () => {
  const past = [attempt(1, 'first', [turn(1, 1, 'look')]), attempt(2, 'retry', [turn(2, 1, 'look')])]
  expect(places(conversationBefore(past, 'recovery', TOOLS))).toEqual(['2.1'])
  const lostAtOnce = [attempt(1, 'first', [turn(1, 1, 'look')]), attempt(2, 'retry', [])]
  expect(conversationBefore(lostAtOnce, 'recovery', TOOLS)).toEqual([])
})

test('a retry goes on where an unsafe call has taken effect, or may have', () => {
  for (const status of ['succeeded', 'started'] as const) {
    const past = [attempt(1, 'first', [turn(1, 1, 'pay', status), turn(1, 2, 'look')])]
    expect(places(conversationBefore(past, 'retry', TOOLS))).toEqual(['1.1', '1.2'])
    const lostAtOnce = [...past, attempt(2, 'retry', [])]
    expect(places(conversationBefore(lostAtOnce, 'recovery', TOOLS))).toEqual(['1.1', '1.2'])
  }
  const refused = [attempt(1, 'first', [turn(1, 1, 'pay', 'failed')])]
  expect(conversationBefore(refused, 'retry', TOOLS)).toEqual([])
})

test('such a retry asks again for the answer that failed, and its own turns take the place of that', () => {
  const failed = attempt(1, 'first', [turn(1, 1, 'pay'), turn(1, 2)])
  expect(places(conversationBefore([failed], 'retry', TOOLS))).toEqual(['1.1'])
  const retried = [failed, attempt(2, 'retry', [turn(2, 2, 'look'), turn(2, 3)])]
  expect(places(conversationBefore(retried, 'continuation', TOOLS))).toEqual(['1.1', '2.2', '2.3'])
})
