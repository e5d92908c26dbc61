import type { RunEvent } from '@flotilla/domain'
import { describeOnEachBackend } from '@flotilla/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { completions, untilEnded, untilEvent, type EndedRun } from './fixture/run-record.ts'
import { readStream } from './fixture/sse.ts'
import { useSystem } from './fixture/system.ts'

const PLAN = {
  tasks: [
    { key: 'left', role: 'researcher', title: 'Look left' },
    { key: 'right', role: 'researcher', title: 'Look right' },
    { key: 'join', role: 'writer', title: 'Say what is there', dependsOn: ['left', 'right'] },
  ],
}

describeOnEachBackend('a run with its own plan', (backend) => {
  const system = useSystem(() => ({ backend }))

  describe('that has ended', () => {
    let ended: EndedRun
    let page: readonly RunEvent[]
    beforeAll(async () => {
      const { client } = system()
      const { id } = await client.runs.create({ goal: 'Look around', plan: PLAN, labels: { team: 'infra' } })
      ended = await untilEnded(client, id)
      page = (await client.runs.events(id)).items
    })

    test('is completed, with a result, figures and a score', () => {
      expect(ended.run).toMatchObject({
        status: 'completed',
        planVersion: 1,
        progress: { total: 3, completed: 3, failed: 0, skipped: 0, percent: 100 },
        result: { text: 'ok', simulated: true },
        simulated: true,
        error: null,
        labels: { team: 'infra' },
        usage: { modelCalls: 3 },
        dispatch: { kind: 'explicit' },
      })
      expect(ended.run.quality?.score).toBe(1)
      expect(completions(ended.events)).toEqual({ left: 1, right: 1, join: 1 })
    })

    test('has told its story from creation to completion', () => {
      const types = page.map(({ type }) => type)
      expect(types[0]).toBe('run.created')
      expect(types.filter((type) => type === 'task.ready')).toHaveLength(3)
      expect(types.filter((type) => type === 'task.started')).toHaveLength(3)
      expect(types.filter((type) => type === 'task.turn')).toHaveLength(3)
      expect(types.slice(-2)).toEqual(['run.verifying', 'run.completed'])
      expect(new Set(page.map(({ id }) => id)).size).toBe(page.length)
    })

    test('streams the events of the page, then ends', async () => {
      const { sent, ended: over } = await readStream(`${system().url}/v1/runs/${ended.run.id}/events/stream`)
      expect(over).toBe(true)
      expect(sent.map(({ data }) => data)).toEqual(page)
      expect(sent.map(({ id, event }) => [id, event])).toEqual(page.map(({ seq, type }) => [String(seq), type]))
    })

    test('streams what comes after Last-Event-ID, and nothing after the last', async () => {
      const url = `${system().url}/v1/runs/${ended.run.id}/events/stream`
      const { sent } = await readStream(url, { lastEventId: 5 })
      expect(sent.map(({ data }) => data)).toEqual(page.slice(5))
      const last = await fetch(url, { headers: { 'last-event-id': String(page.length) } })
      expect(last.status).toBe(204)
    })

    test('pages through its events', async () => {
      const { client } = system()
      const first = await client.runs.events(ended.run.id, { limit: 4 })
      expect(first.items).toEqual(page.slice(0, 4))
      const second = await client.runs.events(ended.run.id, { after: Number(first.nextCursor), limit: 4 })
      expect(second.items).toEqual(page.slice(4, 8))
    })

    test('lists its tasks and shows one with all that happened to it', async () => {
      const { client } = system()
      const tasks = await client.tasks.all(ended.run.id)
      expect(tasks.map(({ key, status, dependsOn }) => ({ key, status, dependsOn }))).toEqual([
        { key: 'left', status: 'completed', dependsOn: [] },
        { key: 'right', status: 'completed', dependsOn: [] },
        { key: 'join', status: 'completed', dependsOn: ['left', 'right'] },
      ])
      const join = await client.tasks.get(ended.run.id, 'join')
      expect(join).toMatchObject({
        title: 'Say what is there',
        agent: { name: 'Writer' },
        attempts: [{ number: 1, kind: 'first', status: 'succeeded', error: null, usage: { modelCalls: 1 } }],
        turns: [{ attempt: 1, turn: 1, model: 'noop:noop', stopReason: 'end' }],
        output: { text: 'ok', simulated: true },
        error: null,
      })
      expect(join.selection?.reason).not.toBe('')
      expect(join.selection?.candidates.length).toBeGreaterThan(0)
      expect(join.context).toMatchObject({ mode: 'TASK_EXECUTION' })
      expect(JSON.stringify(join.turns[0]?.request)).toContain('<dependency key=\\"left\\"')
    })

    test('has a report as Markdown and as JSON', async () => {
      const { client, url } = system()
      const markdown = await client.runs.report(ended.run.id)
      expect(markdown).toContain('Look around')
      expect(markdown).toMatch(/simulated/i)
      const json = await client.runs.reportJson(ended.run.id)
      expect(JSON.stringify(json)).toContain(ended.run.id)
      const plain = await fetch(`${url}/v1/runs/${ended.run.id}/report`)
      expect(plain.headers.get('content-type')).toBe('text/markdown; charset=utf-8')
    })

    test('shows its plan as text that is a plan again', async () => {
      const { client } = system()
      const text = await client.plan.text(ended.run.id)
      expect(text).toMatch(/^Task 1: @researcher - Look left/m)
      expect(text).toMatch(/^Task 3: @writer - Say what is there .*depends on Task 1.*Task 2/m)
    })

    test('is deleted with all of it', async () => {
      const { client } = system()
      await client.runs.delete(ended.run.id)
      await expect(client.runs.get(ended.run.id)).rejects.toMatchObject({ status: 404 })
      await expect(client.runs.events(ended.run.id)).rejects.toMatchObject({ status: 404 })
    })
  })

  test('is streamed while it runs, and taken up again where the connection broke', async () => {
    const { client, url } = system()
    const chain = Array.from({ length: 40 }, (_, i) => ({
      key: `t${i}`,
      role: 'writer',
      dependsOn: i === 0 ? [] : [`t${i - 1}`],
    }))
    const { id } = await client.runs.create({ goal: 'A chain', plan: { tasks: chain } })
    const stream = `${url}/v1/runs/${id}/events/stream`
    const begun = await readStream(stream, { enough: (sent) => sent.length >= 12 })
    expect(begun.ended).toBe(false)
    const rest = await readStream(stream, { lastEventId: Number(begun.sent.at(-1)?.id) })
    const { events } = await untilEnded(client, id)
    expect([...begun.sent, ...rest.sent].map(({ data }) => data)).toEqual(events)
    expect(rest.ended).toBe(true)
  })

  test('is created once for one idempotency key', async () => {
    const { client } = system()
    const input = { goal: 'Once', plan: PLAN }
    const first = await client.runs.create(input, { idempotencyKey: 'once' })
    expect(await client.runs.create(input, { idempotencyKey: 'once' })).toEqual(first)
    await untilEnded(client, first.id)
    expect(await client.runs.create(input, { idempotencyKey: 'once' })).toEqual(first)
    await expect(client.runs.create({ ...input, goal: 'Twice' }, { idempotencyKey: 'once' })).rejects.toMatchObject({
      status: 409,
      code: 'idempotency_mismatch',
    })
    const { items } = await client.runs.list()
    expect(items.filter(({ goal }) => goal === 'Once')).toHaveLength(1)
    expect(items.filter(({ goal }) => goal === 'Twice')).toEqual([])
  })

  test('rests before its start, takes another plan, and is started', async () => {
    const { client } = system()
    const { id } = await client.runs.create({ goal: 'Rest first', plan: PLAN, start: false })
    await untilEvent(client, id, ({ type }) => type === 'run.awaiting_approval')
    expect((await client.runs.get(id)).status).toBe('awaiting_approval')
    const put = await client.plan.put(id, {
      tasks: [
        { key: 'only', role: 'oddity', title: 'Something else' },
        { key: 'last', role: 'writer', dependsOn: ['only'] },
      ],
      result: 'only',
    })
    expect(put).toMatchObject({ version: 2, result: 'only' })
    expect(put.versions.map(({ version, tasks }) => ({ version, tasks }))).toEqual([
      { version: 1, tasks: 3 },
      { version: 2, tasks: 2 },
    ])
    await client.runs.start(id)
    const { run, events } = await untilEnded(client, id)
    expect(run).toMatchObject({ status: 'completed', planVersion: 2, progress: { total: 2, completed: 2 } })
    expect(completions(events)).toEqual({ only: 1, last: 1 })
    await expect(client.plan.put(id, PLAN)).rejects.toMatchObject({ status: 409 })
    // Nobody has that role: an agent was drafted for it.
    expect(await client.tasks.get(id, 'only')).toMatchObject({ selection: { drafted: true } })
    expect((await client.runs.start(id)).id).toBe(id)
  })
})
