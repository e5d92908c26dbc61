import { NO_USAGE } from '@flotilla/domain'
import { NO_TOKENS } from '@flotilla/llm'
import { describe, expect, test } from 'vitest'
import { briefOf } from '../context/brief.test-support.ts'
import type { CallModel, CallRefusal } from '../model-call.ts'
import { AttemptAbort } from './abort-reason.ts'
import { bench, historyOf } from './executor.test-support.ts'

const look = (text: string) => ({ name: 'look', arguments: { text } })
const save = (text: string) => ({ name: 'save', arguments: { text } })
const pay = { name: 'pay', arguments: {} }

describe('the turn loop', () => {
  test('records a turn before its tools run, each call before it is dispatched, and hands the answer back', async () => {
    const { run, log, turns, requests } = bench([
      { toolCalls: [look('a'), save('r.md')] },
      { text: 'Logs stay 30 days [ops.md:1].' },
    ])
    const outcome = await run()
    const id = 'run_00000000000000000000000000/find/1.1'
    expect(log).toEqual([
      'turn 1',
      `start look ${id}/0`,
      `run look ${id}/0`,
      'finish look succeeded',
      `start save ${id}/1`,
      `run save ${id}/1`,
      'finish save succeeded',
    ])
    expect(outcome).toMatchObject({
      kind: 'output',
      output: {
        text: 'Logs stay 30 days [ops.md:1].',
        artifacts: ['r.md'],
        citations: [{ marker: '[ops.md:1]', quote: 'Logs are kept for 30 days.', start: 0, end: 26 }],
        simulated: true,
      },
      lastTurn: { turn: 2, stopReason: 'end', model: 'scripted:test' },
      usage: { modelCalls: 2, toolCalls: 2, costUsd: 1 },
      unrecorded: { modelCalls: 1, toolCalls: 0, costUsd: 0.5 },
    })
    // The record holds each message once: the first turn the prompt, the next only the tools' results.
    expect(turns[0]?.request.system).toContain('one agent of a fleet')
    expect(turns[0]?.context?.prompt.id).toBe('task-execution')
    const last = outcome.kind === 'output' ? outcome.lastTurn : null
    expect(last?.request.system).toBeUndefined()
    expect(last?.context).toBeNull()
    expect(last?.request.messages).toMatchObject([
      {
        role: 'user',
        content: [
          { type: 'tool_result', content: 'look says a' },
          { type: 'tool_result', content: 'save says r.md' },
        ],
      },
    ])
    expect(requests[1]?.request.messages.map((message) => message.role)).toEqual(['user', 'assistant', 'user'])
  })

  test('the prompt holds what the search found, and the model hears the text as it comes', async () => {
    const heard: string[] = []
    const { run, requests } = bench([{ text: 'It is so.' }], {
      onText: (delta, turn) => heard.push(`${turn}:${delta}`),
    })
    await run()
    expect(JSON.stringify(requests[0]?.request.messages)).toContain('1: Logs are kept for 30 days.')
    expect(heard).toEqual(['1:It ', '1:is ', '1:so.'])
  })

  test('words of a call that is made again are taken back, those of the turns before are not', async () => {
    const heard: string[] = []
    const call: CallModel = async (_call, { onText, onRestart }) => {
      onText?.('Once')
      onRestart?.()
      onText?.('Twice')
      onRestart?.()
      onText?.('So.')
      const content = [{ type: 'text' as const, text: 'So.' }]
      const reply = {
        content,
        stopReason: 'end' as const,
        usage: NO_TOKENS,
        model: 'm',
        provider: 'noop' as const,
        simulated: false,
      }
      return { outcome: { ok: true, reply }, modelRef: 'm', usage: NO_USAGE, refusal: null }
    }
    const { run } = bench([], {
      call,
      onText: (delta, turn) => heard.push(`${turn}:${delta}`),
      onRestart: (characters, turn) => heard.push(`${turn}:-${characters}`),
    })
    expect(await run()).toMatchObject({ kind: 'output', output: { text: 'So.' } })
    expect(heard).toEqual(['1:Once', '1:-4', '1:Twice', '1:-5', '1:So.'])
  })

  test('safe calls run side by side', async () => {
    const both = Promise.withResolvers<void>()
    let running = 0
    const { run } = bench(
      [{ toolCalls: [look('a'), look('b')] }, { text: 'Done.' }],
      {},
      {
        look: async () => {
          running += 1
          if (running === 2) both.resolve()
          await both.promise
          return { ok: true, text: 'seen' }
        },
      },
    )
    expect((await run()).kind).toBe('output')
  })

  test('what a tool refuses, and a tool that is not there, are told to the model', async () => {
    const { run, finished, requests } = bench([
      {
        toolCalls: [
          { name: 'fly', arguments: {} },
          { name: 'look', arguments: { x: 1 } },
        ],
      },
      { text: 'Done.' },
    ])
    await run()
    expect(finished.map(({ status }) => status)).toEqual(['failed', 'failed'])
    expect(requests[1]?.request.messages[2]?.content).toMatchObject([
      { isError: true, content: expect.stringContaining('There is no tool "fly"') },
      { isError: true, content: expect.stringContaining('The arguments of look are wrong') },
    ])
  })

  test('an agent with a single turn is offered no tools, since it could not answer after one', async () => {
    const { run, requests } = bench([{ text: 'Done.' }])
    await run({ brief: { agent: { ...briefOf().agent, maxTurns: 1 } } })
    expect(requests[0]?.request.tools).toBeUndefined()
  })
})

describe('failures', () => {
  const fails = async (script: Parameters<typeof bench>[0], brief = {}) => await bench(script).run({ brief })

  test('too many turns', async () => {
    const outcome = await fails(() => ({ toolCalls: [look('a')] }), { agent: { ...briefOf().agent, maxTurns: 3 } })
    expect(outcome).toMatchObject({ kind: 'failed', failure: { code: 'too_many_turns' }, usage: { modelCalls: 3 } })
  })

  test.each([
    [{ text: ' ', stopReason: 'max_tokens' as const }, 'model_truncated'],
    [{ text: 'no', stopReason: 'refusal' as const }, 'model_refused'],
    [{ text: '  \n' }, 'model_malformed'],
    [{ text: '' }, 'model_malformed'],
  ])('%j is %s, with its turn', async (step, code) => {
    expect(await fails([step])).toMatchObject({
      kind: 'failed',
      failure: { code },
      lastTurn: { turn: 1 },
      unrecorded: { modelCalls: 1 },
    })
  })

  test('a failed call is passed on with what it used', async () => {
    const outcome = await fails([{ failure: { code: 'model_overloaded', message: 'busy', retryAfterMs: 7 } }])
    expect(outcome).toMatchObject({
      kind: 'failed',
      failure: { code: 'model_overloaded', retryAfterMs: 7 },
      usage: { modelCalls: 1 },
    })
    expect(outcome).not.toHaveProperty('lastTurn')
  })

  test('an unknown tool of the task is named before any call', async () => {
    const { run, requests } = bench([])
    const outcome = await run({ brief: { task: { ...briefOf().task, tools: ['look', 'fly'] } } })
    expect(outcome).toMatchObject({
      kind: 'failed',
      failure: { code: 'configuration', message: expect.stringContaining('unknown tools: fly') },
    })
    expect(requests).toHaveLength(0)
  })

  test('a broken tool fails the attempt, not the process', async () => {
    const { run } = bench([{ toolCalls: [look('a')] }], {}, { look: () => Promise.reject(new Error('disk gone')) })
    expect(await run()).toMatchObject({
      kind: 'failed',
      failure: { code: 'tool_failed', message: 'the tool look broke: disk gone' },
    })
  })
})

describe('a call that may not be made', () => {
  const wait: CallRefusal = { kind: 'wait', cause: 'lane', until: 5_000, laneId: 'a/b/c', why: 'the lane is closed' }
  const exceeded: CallRefusal = { kind: 'exceeded', policy: 'pause', stop: null, reason: 'used up' }
  const refusing = (refusal: CallRefusal): CallModel => {
    const failure = { code: 'internal', message: 'not read' } as const
    return async () => ({ outcome: { ok: false, failure }, modelRef: 'm', usage: NO_USAGE, refusal })
  }

  test.each([wait, exceeded])('ends the attempt without a failure: %j', async (refusal) => {
    const { run, requests } = bench([{ text: 'x' }], { call: refusing(refusal) })
    expect(await run()).toMatchObject({ kind: 'refused', refusal, usage: { modelCalls: 0 } })
    expect(requests).toHaveLength(0)
  })

  test('is a failure where nothing else has stopped it', async () => {
    const { run } = bench([], { call: refusing({ kind: 'stopped', why: 'the claim is lost' }) })
    expect(await run()).toMatchObject({ kind: 'failed', failure: { code: 'cancelled', message: 'the claim is lost' } })
  })

  test('a tool call that is refused is not dispatched, and what ran beside it counts', async () => {
    const { run, log } = bench([{ toolCalls: [look('a'), look('b')] }, { text: 'x' }], {
      startToolCall: async ({ n }) => (n === 1 ? exceeded : true),
    })
    expect(await run()).toMatchObject({ kind: 'refused', refusal: exceeded, usage: { toolCalls: 1 } })
    expect(log.filter((entry) => entry.startsWith('run'))).toHaveLength(1)
  })
})

describe('being stopped', () => {
  test.each([
    ['cancelled', { kind: 'failed', failure: { code: 'cancelled', message: 'why' } }],
    ['timeout', { kind: 'failed', failure: { code: 'attempt_timeout', message: 'why' } }],
    ['shutdown', { kind: 'released' }],
    ['lease_lost', { kind: 'lost' }],
  ] as const)('%s during a model call', async (kind, expected) => {
    const controller = new AbortController()
    const { run } = bench([
      () => {
        controller.abort(new AttemptAbort(kind, 'why'))
        return { untilSignal: true }
      },
    ])
    expect(await run({ signal: controller.signal })).toMatchObject(expected)
  })

  test('during a tool call, and before the first call', async () => {
    const controller = new AbortController()
    const { run, requests } = bench(
      [{ toolCalls: [look('a')] }],
      {},
      {
        look: (_args, _effect, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error))
            controller.abort(new DOMException('too slow', 'TimeoutError'))
          }),
      },
    )
    expect(await run({ signal: controller.signal })).toMatchObject({
      failure: { code: 'attempt_timeout' },
      usage: { toolCalls: 1 },
    })
    expect(await run({ signal: controller.signal })).toMatchObject({ failure: { code: 'attempt_timeout' } })
    expect(requests).toHaveLength(1)
  })

  test.each(['recordTurn', 'startToolCall', 'finishToolCall'] as const)(
    'a lost fence at %s ends the attempt there',
    async (port) => {
      const { run, log, requests } = bench([{ toolCalls: [save('x')] }], { [port]: async () => false })
      expect((await run()).kind).toBe('lost')
      expect(requests).toHaveLength(1)
      expect(log.filter((entry) => entry.startsWith('run'))).toHaveLength(port === 'finishToolCall' ? 1 : 0)
    },
  )
})

describe('going on after a loss', () => {
  const recovery = { attempt: { number: 2, kind: 'recovery' as const, revisions: 0 } }

  /** The turns that a first attempt recorded before it was lost in its last turn's tool calls. */
  async function lostAt(script: Parameters<typeof bench>[0]) {
    let calls = 0
    const first = bench(script, { startToolCall: async () => ++calls < 2 })
    await first.run()
    return first.turns
  }

  test('finished calls are reused, others repeated under the same effect id', async () => {
    const turns = await lostAt([{ toolCalls: [save('a.md'), look('b'), save('c.md')] }])
    const second = bench([{ text: 'Done.' }])
    const outcome = await second.run({
      brief: recovery,
      history: historyOf(turns, 1, [
        { n: 0, status: 'succeeded', result: 'saved before', mayRepeat: false },
        { n: 1, status: 'started', result: null, mayRepeat: false },
      ]),
    })
    const id = 'run_00000000000000000000000000/find/1.1'
    expect(second.log.filter((entry) => entry.startsWith('run'))).toEqual([`run look ${id}/1`, `run save ${id}/2`])
    expect(second.started.map(({ attempt, turn, n }) => [attempt, turn, n])).toEqual([
      [1, 1, 1],
      [1, 1, 2],
    ])
    expect(second.requests[0]?.request.messages.at(-1)?.content).toMatchObject([
      { content: 'saved before' },
      { content: 'look says b' },
      { content: 'save says c.md' },
    ])
    expect(second.requests[0]?.request.system).toBe(turns[0]?.request.system)
    expect(outcome).toMatchObject({ kind: 'output', output: { artifacts: ['a.md', 'c.md'] }, lastTurn: { turn: 2 } })
  })

  test('an unsafe call that never started is safe to make', async () => {
    const turns = await lostAt([{ toolCalls: [look('a'), pay] }])
    const second = bench([{ text: 'Paid.' }])
    await second.run({
      brief: recovery,
      history: historyOf(turns, 1, [{ n: 0, status: 'succeeded', result: 'x', mayRepeat: false }]),
    })
    expect(second.log.filter((entry) => entry.startsWith('run'))).toHaveLength(1)
  })

  test('turns of earlier attempts count', async () => {
    const turns = await lostAt([{ toolCalls: [look('a'), look('b')] }])
    const second = bench(() => ({ toolCalls: [look('c')] }))
    const outcome = await second.run({
      brief: { ...recovery, agent: { ...briefOf().agent, maxTurns: 2 } },
      history: historyOf(turns, 1),
    })
    expect(outcome).toMatchObject({ failure: { code: 'too_many_turns' }, usage: { modelCalls: 1 } })
    expect(second.turns.map(({ turn }) => turn)).toEqual([2])
  })
})

describe('yielding', () => {
  test('lets the turn and its tool calls end, and hands back before the next model call', async () => {
    const yielding = new AbortController()
    const { run, log, requests } = bench(
      [
        () => {
          yielding.abort()
          return { toolCalls: [look('a'), save('r.md')] }
        },
        { text: 'late' },
      ],
      {},
    )
    const outcome = await run({ yielding: yielding.signal })
    expect(outcome).toMatchObject({ kind: 'released', usage: { modelCalls: 1, toolCalls: 2 } })
    // The turn is recorded: what it used is not to be charged again.
    expect(outcome).toMatchObject({ unrecorded: { modelCalls: 0, costUsd: 0 } })
    expect(log.filter((entry) => entry.startsWith('finish'))).toEqual([
      'finish look succeeded',
      'finish save succeeded',
    ])
    expect(requests).toHaveLength(1)
  })

  test('keeps the answer that was under way', async () => {
    const yielding = new AbortController()
    const { run } = bench([() => (yielding.abort(), { text: 'Done.' })])
    expect(await run({ yielding: yielding.signal })).toMatchObject({ kind: 'output', output: { text: 'Done.' } })
  })

  test('before the first call, and while it is admitted, begins none; an abort goes first', async () => {
    const yielding = new AbortController()
    const { run, requests } = bench([{ text: 'late' }], {
      call: async () => {
        yielding.abort()
        const failure = { code: 'cancelled', message: 'the run is paused' } as const
        const refusal = { kind: 'stopped', why: failure.message } as const
        return { outcome: { ok: false, failure }, modelRef: 'm', usage: NO_USAGE, refusal }
      },
    })
    expect(await run({ yielding: yielding.signal })).toMatchObject({ kind: 'released' })
    expect(await run({ yielding: yielding.signal })).toMatchObject({ kind: 'released' })
    const cancelled = AbortSignal.abort(new AttemptAbort('cancelled', 'why'))
    expect(await run({ yielding: yielding.signal, signal: cancelled })).toMatchObject({
      failure: { code: 'cancelled' },
    })
    expect(requests).toHaveLength(0)
  })
})

describe('an answer that was cut off', () => {
  const cut = (text: string) => ({ text, stopReason: 'max_tokens' as const })

  test('is handed back with its turn, and its successor goes on where it ended', async () => {
    const first = await bench([cut('Logs stay ')]).run()
    expect(first).toMatchObject({
      kind: 'cut_off',
      failure: { code: 'model_truncated' },
      cutOffs: 1,
      lastTurn: { turn: 1, stopReason: 'max_tokens' },
      unrecorded: { modelCalls: 1 },
    })
    const turns = first.kind === 'cut_off' ? [first.lastTurn] : []
    const second = await bench([cut('30 ')]).run({ history: historyOf(turns, 1) })
    expect(second).toMatchObject({ kind: 'cut_off', cutOffs: 2, lastTurn: { turn: 2 } })
    const all = [...turns, ...(second.kind === 'cut_off' ? [second.lastTurn] : [])]
    const third = bench([{ text: 'days.' }])
    expect(await third.run({ history: historyOf(all, 1) })).toMatchObject({
      kind: 'output',
      output: { text: 'Logs stay 30 days.' },
    })
    expect(third.requests[0]?.request.messages.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
      'user',
    ])
  })

  test('does not count among the turns that an agent may take', async () => {
    const brief = { agent: { ...briefOf().agent, maxTurns: 1 } }
    const first = await bench([cut('Logs stay ')]).run({ brief })
    const turns = first.kind === 'cut_off' ? [first.lastTurn] : []
    expect(await bench([{ text: '30 days.' }]).run({ brief, history: historyOf(turns, 1) })).toMatchObject({
      kind: 'output',
      output: { text: 'Logs stay 30 days.' },
    })
  })

  test('with whole tool calls in it has them run next', async () => {
    const first = await bench([{ toolCalls: [look('a')], stopReason: 'max_tokens' }]).run()
    expect(first).toMatchObject({ kind: 'cut_off', cutOffs: 1 })
    const turns = first.kind === 'cut_off' ? [first.lastTurn] : []
    const second = bench([{ text: 'Seen.' }])
    expect(await second.run({ history: historyOf(turns, 1) })).toMatchObject({ output: { text: 'Seen.' } })
    expect(second.log.filter((entry) => entry.startsWith('run'))).toHaveLength(1)
  })
})
