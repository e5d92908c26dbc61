import { describe, expect, it } from 'vitest'
import { userText, type ModelRequest } from '../port.ts'
import { createNoopProvider } from './noop.ts'
import { createScriptedProvider } from './scripted.ts'

const request: ModelRequest = { model: 'test', system: '', messages: [userText('Hello')], maxOutputTokens: 10 }
const never = () => ({ signal: new AbortController().signal })

describe('the scripted model', () => {
  it('follows its list of steps and says when it has none left', async () => {
    const model = createScriptedProvider({ script: [{ text: 'one' }, () => ({ text: 'two' })] })
    expect(await model.call(request, never())).toMatchObject({ ok: true, reply: { content: [{ text: 'one' }] } })
    expect(await model.call(request, never())).toMatchObject({ ok: true, reply: { content: [{ text: 'two' }] } })
    const third = await model.call(request, never())
    expect(!third.ok && third.failure.message).toContain('no step in its script for call 3')
  })

  it('gives the same calls the same ids', async () => {
    const play = async () => {
      const model = createScriptedProvider({ script: () => ({ toolCalls: [{ name: 'now', arguments: {} }] }) })
      return [await model.call(request, never()), await model.call(request, never())]
    }
    expect(await play()).toEqual(await play())
  })

  it('keeps a journal that later changes to the request do not reach', async () => {
    const model = createScriptedProvider({ script: [{ text: 'ok' }] })
    const asked = structuredClone(request)
    const outcome = await model.call(asked, never())
    asked.messages.push(userText('more'))
    expect(model.journal).toEqual([{ index: 0, request, outcome }])
  })

  it('waits for a gate, and ends by the signal while it waits', async () => {
    const gate = Promise.withResolvers<void>()
    const controller = new AbortController()
    const model = createScriptedProvider({ script: [{ text: 'late', until: gate.promise }, { untilSignal: true }] })
    const late = model.call(request, never())
    gate.resolve()
    expect(await late).toMatchObject({ ok: true })
    const endless = model.call(request, { signal: controller.signal })
    controller.abort()
    expect(await endless).toMatchObject({ ok: false, failure: { code: 'cancelled' } })
  })

  it('ends a delay by the signal', async () => {
    const controller = new AbortController()
    const call = createScriptedProvider({ script: [{ text: 'x', delayMs: 60_000 }] }).call(request, controller)
    controller.abort()
    expect(await call).toMatchObject({ ok: false, failure: { code: 'cancelled' } })
  })

  it('returns failures, usage and malformed structured output as real models do', async () => {
    const failure = { code: 'model_rate_limited' as const, message: 'wait', retryAfterMs: 5 }
    const schema = { type: 'object', required: ['n'] }
    const model = createScriptedProvider({
      script: [{ failure }, { text: 'x', usage: { outputTokens: 99 } }, { text: '{"m":1}' }, { text: '{"n":1}' }],
    })
    const structured = { ...request, responseSchema: { name: 'count', schema } }
    expect(await model.call(request, never())).toEqual({ ok: false, failure })
    expect(await model.call(request, never())).toMatchObject({ reply: { usage: { outputTokens: 99 } } })
    expect(await model.call(structured, never())).toMatchObject({ failure: { code: 'model_malformed' } })
    expect(await model.call(structured, never())).toMatchObject({ reply: { structured: { n: 1 } } })
  })
})

describe('the no-op model', () => {
  it('answers ok, unless called off', async () => {
    const model = createNoopProvider()
    expect(await model.call(request, never())).toMatchObject({ ok: true, reply: { content: [{ text: 'ok' }] } })
    expect(await model.call(request, { signal: AbortSignal.abort() })).toMatchObject({ failure: { code: 'cancelled' } })
  })
})
