import type { JsonObject } from '@flotilla/domain'
import type { Message } from '@flotilla/llm'
import { describe, expect, test } from 'vitest'
import {
  REPEATED_TEXT_CHARS,
  STANDSTILL_LIMIT,
  STANDSTILL_TURNS,
  standstillFailure,
  standstillNote,
  turnsStandingStill,
} from './no-progress.ts'

type Made = Readonly<{ args?: JsonObject; result?: string; text?: string; call?: boolean }>

/** A conversation of turns that call one tool each, or, with `call` false, only say something. */
const conversation = (turns: readonly Made[]): Message[] =>
  turns.flatMap(({ args = {}, result = 'same', text = '', call = true }, i): Message[] => [
    {
      role: 'assistant',
      content: [
        { type: 'text', text },
        ...(call ? [{ type: 'tool_call' as const, id: `call${i}`, name: 'look', arguments: args }] : []),
      ],
    },
    {
      role: 'user',
      content: call
        ? [{ type: 'tool_result', callId: `call${i}`, name: 'look', content: result }]
        : [{ type: 'text', text: 'Go on.' }],
    },
  ])

describe('turns that stand still', () => {
  test('make the same calls with the same results, whatever the ids and the order of keys', () => {
    expect(
      turnsStandingStill(conversation([{ args: { a: 1, b: { c: 2, d: 3 } } }, { args: { b: { d: 3, c: 2 }, a: 1 } }])),
    ).toBe(2)
  })

  test('count from the last that differed', () => {
    const [other, same] = [{ result: 'new' }, {}]
    expect(turnsStandingStill(conversation([same, other, same, same, same]))).toBe(3)
    expect(turnsStandingStill(conversation([same, same, other]))).toBe(1)
    expect(turnsStandingStill(conversation([same, { args: { page: 2 } }]))).toBe(1)
    expect(turnsStandingStill([])).toBe(0)
  })

  test('say the same at length beside other calls, or anything without a call', () => {
    const long = 'x'.repeat(REPEATED_TEXT_CHARS)
    const calls = (text: string) => [1, 2, 3].map((page) => ({ args: { page }, result: String(page), text }))
    expect(turnsStandingStill(conversation(calls(long)))).toBe(3)
    expect(turnsStandingStill(conversation(calls('Let me look further.')))).toBe(1)
    expect(turnsStandingStill(conversation([1, 2].map(() => ({ text: 'Hm.', call: false }))))).toBe(2)
  })
})

test('the model is told once, and the attempt fails after as many again', () => {
  const turns = Array.from({ length: STANDSTILL_LIMIT + 2 }, (_, n) => n)
  expect(turns.filter((n) => standstillNote(n) !== null)).toEqual([STANDSTILL_TURNS])
  expect(turns.filter((n) => standstillFailure(n) !== null)).toEqual([STANDSTILL_LIMIT, STANDSTILL_LIMIT + 1])
  expect(standstillFailure(STANDSTILL_LIMIT)).toMatchObject({
    code: 'no_progress',
    message: expect.stringContaining('6'),
  })
})
