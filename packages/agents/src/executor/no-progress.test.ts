import type { JsonObject } from '@flotilla/domain'
import type { Message } from '@flotilla/llm'
import { describe, expect, test } from 'vitest'
import { bench, historyOf } from './executor.test-support.ts'
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

const NOTE = 'brought nothing new'
const asks = (made: ReturnType<typeof bench>): boolean[] =>
  made.requests.map(({ request }) => JSON.stringify(request.messages.at(-1)).includes(NOTE))
const sameCall = () => ({ toolCalls: [{ name: 'look', arguments: { text: 'a' } }] })

test('an attempt that makes one call over and over is told so, and then fails', async () => {
  const made = bench(sameCall)
  expect(await made.run()).toMatchObject({ kind: 'failed', failure: { code: 'no_progress' }, usage: { modelCalls: 6 } })
  expect(asks(made)).toEqual([false, false, false, true, false, false])
})

test('one that finds another way goes on', async () => {
  const made = bench((_request, n) =>
    n < 3 ? sameCall() : n < 6 ? { toolCalls: [{ name: 'look', arguments: { text: String(n) } }] } : { text: 'Done.' },
  )
  expect((await made.run()).kind).toBe('output')
})

test('turns of an earlier attempt count, and a note that it was to be given is given', async () => {
  const first = bench(sameCall, { finishToolCall: async ({ turn }) => turn < 3 })
  await first.run()
  expect(first.turns).toHaveLength(3)
  const second = bench(sameCall)
  const outcome = await second.run({
    brief: { attempt: { number: 2, kind: 'recovery', revisions: 0 } },
    history: historyOf(first.turns, 1, [{ n: 0, status: 'succeeded', result: 'look says a', mayRepeat: false }]),
  })
  expect(asks(second)).toEqual([true, false, false])
  expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'no_progress' } })
})
