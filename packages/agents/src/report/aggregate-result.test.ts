import type { Output, TaskStatus } from '@flotilla/domain'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aggregateResult } from './aggregate-result.ts'

const output = (text: string, more: Partial<Output> = {}): Output => ({
  text,
  artifacts: [],
  citations: [],
  simulated: false,
  ...more,
})
const citation = (start: number) => ({
  marker: '[a.md:1]',
  document: 'a.md',
  startLine: 1,
  endLine: 1,
  start,
  end: start + 1,
  quote: 'x',
})

/** `a b<a c<a,b` with statuses such as `a:completed`. Every completed task has an output that is its key in capitals. */
function aggregate(
  shape: Record<string, string[]>,
  statuses: Partial<Record<string, TaskStatus>> = {},
  result?: string,
  optional = '',
) {
  const tasks = Object.entries(shape).map(([key, dependsOn]) => ({
    key,
    title: `Title ${key}`,
    dependsOn,
    optional: optional.includes(key),
  }))
  const states = tasks.map(({ key }) => ({ key, status: statuses[key] ?? ('completed' as const) }))
  const outputs = new Map(states.map(({ key }) => [key, output(key.toUpperCase())]))
  return aggregateResult({ plan: { tasks, ...(result === undefined ? {} : { result }) }, tasks: states, outputs })
}
const diamond = { a: [], b: ['a'], c: ['a'], d: ['b', 'c'] }

describe('aggregateResult', () => {
  it('takes the named result task, even where others come after it', () => {
    expect(aggregate(diamond, {}, 'b')).toEqual({ text: 'B', citations: [], simulated: false })
  })

  it('takes the only last task', () => {
    expect(aggregate(diamond)).toEqual({ text: 'D', citations: [], simulated: false })
  })

  it('goes without optional tasks that were left out or failed', () => {
    const forked = { a: [], b: ['a'], c: ['a'] }
    expect(aggregate(forked, { c: 'skipped' }, undefined, 'c')).toMatchObject({ text: 'B' })
    expect(aggregate(forked, {}, undefined, 'c')).toMatchObject({ outputs: { b: 'B', c: 'C' } })
    expect(aggregate({ a: [], b: ['a'] }, { b: 'failed' }, undefined, 'b')).toMatchObject({ text: 'A' })
  })

  it('joins several last tasks by key, in plan order', () => {
    expect(aggregate({ z: [], b: [] })).toMatchObject({
      text: '## Title z\n\nZ\n\n## Title b\n\nB',
      outputs: { z: 'Z', b: 'B' },
    })
  })

  it('shows the furthest outputs of a failed run', () => {
    expect(aggregate(diamond, { c: 'failed', d: 'skipped' })).toMatchObject({ outputs: { b: 'B' } })
    expect(aggregate(diamond, { b: 'failed', c: 'failed', d: 'skipped' }, 'd')).toMatchObject({ outputs: { a: 'A' } })
    expect(aggregate({ a: [], b: [] }, { b: 'cancelled' })).toMatchObject({ outputs: { a: 'A' } })
  })

  it('has nothing to show where nothing completed', () => {
    expect(aggregate(diamond, { a: 'failed', b: 'skipped', c: 'skipped', d: 'skipped' })).toBeNull()
  })

  it('leaves out outputs that were not accepted', () => {
    expect(aggregate({ a: [] }, { a: 'failed' })).toBeNull()
  })

  it('lists each citation once and is simulated as soon as a part is', () => {
    const tasks = [
      { key: 'a', dependsOn: [] },
      { key: 'b', dependsOn: [] },
    ]
    const outputs = new Map([
      ['a', output('A', { citations: [citation(0), citation(5)] })],
      ['b', output('B', { citations: [citation(5)], simulated: true })],
    ])
    const states = tasks.map(({ key }) => ({ key, status: 'completed' as const }))
    expect(aggregateResult({ plan: { tasks }, tasks: states, outputs })).toMatchObject({
      citations: [{ start: 0 }, { start: 5 }],
      simulated: true,
    })
  })

  it('always shows something of a run that completed something, and nothing that did not complete', () => {
    const shapes = fc.array(
      fc.record({
        back: fc.array(fc.nat(), { maxLength: 3 }),
        status: fc.constantFrom<TaskStatus>('completed', 'failed', 'skipped'),
      }),
      { minLength: 1, maxLength: 10 },
    )
    fc.assert(
      fc.property(shapes, fc.option(fc.nat(), { nil: undefined }), (items, result) => {
        const key = (i: number) => `k${i}`
        const shape = Object.fromEntries(
          items.map((item, i) => [key(i), i === 0 ? [] : [...new Set(item.back.map((b) => key(b % i)))]]),
        )
        const statuses = Object.fromEntries(items.map((item, i) => [key(i), item.status]))
        const found = aggregate(shape, statuses, result === undefined ? undefined : key(result % items.length))
        const completed = items.flatMap((item, i) => (item.status === 'completed' ? [key(i).toUpperCase()] : []))
        expect(found === null).toBe(completed.length === 0)
        for (const text of found === null ? [] : Object.values(found.outputs ?? { only: found.text }))
          expect(completed).toContain(text)
      }),
    )
  })
})
