import { describe, expect, it } from 'vitest'
import { startModelServer } from './model-server.ts'

const START = Date.UTC(2026, 10, 21, 12)
const body = (model = 'm') => ({ model, max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] })
const post = (url: string, path: string, key: string, model?: string): Promise<Response> =>
  fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify(body(model)),
  })

describe('the model server', () => {
  it('enforces its limits for each model and key, and says when to come back', async () => {
    const clock = { now: START }
    await using server = await startModelServer({ limits: { requests: 2 }, now: () => clock.now })
    const status = async (key: string, model?: string) => (await post(server.url, '/v1/messages', key, model)).status
    expect([await status('a'), await status('a'), await status('a')]).toEqual([200, 200, 429])
    expect([await status('b'), await status('a', 'other')]).toEqual([200, 200])
    const refused = await post(server.url, '/v1/chat/completions', 'a')
    expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('1')
    const again = await post(server.url, '/v1/messages', 'a')
    expect(again.headers.get('retry-after')).toBe('30')
    expect(again.headers.get('anthropic-ratelimit-requests-reset')).toBe(new Date(START + 60_000).toISOString())
    clock.now += 30_000
    expect(await status('a')).toBe(200)
    expect(server.journal.totals()).toMatchObject({ calls: 8, answered: 6, refused: 2 })
  })

  it('counts tokens against their limit, and leaves the time to the caller where it is told to', async () => {
    const options = { limits: { tokens: 20 }, tellsRetryAfter: false, now: () => START }
    await using server = await startModelServer({ ...options, rules: [() => ({ text: 'x'.repeat(20) })] })
    expect((await post(server.url, '/v1/chat/completions', 'a')).status).toBe(200)
    const refused = await post(server.url, '/v1/chat/completions', 'a')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, null])
    expect(server.journal.entries[0]?.tokens).toMatchObject({ output: 5 })
  })

  it('answers by the script, then by the first rule that has an answer', async () => {
    await using server = await startModelServer({
      rules: [
        ({ model }) => (model === 'rule' ? { text: 'by the rule' } : undefined),
        (_asked, nth) => ({ text: `call ${nth}` }),
      ],
    })
    server.script({ status: 503 })
    const say = async (model?: string) => (await post(server.url, '/v1/chat/completions', 'a', model)).text()
    expect(await say()).toContain('mock 503')
    expect(await say('rule')).toContain('by the rule')
    expect(await say()).toContain('call 3')
  })

  it('knows no other path', async () => {
    await using server = await startModelServer()
    expect((await post(server.url, '/v1/embeddings', 'a')).status).toBe(404)
  })
})
