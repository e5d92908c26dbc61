import type { RunSummary } from '@flotilla/client'
import { describe, expect, it } from 'vitest'
import { queryOf, readRunFilter, withLabel } from './filter.ts'
import { mergeRuns } from './merge.ts'

const run = (id: string, status: RunSummary['status']) => ({ id, status }) as RunSummary
const shown = (runs: readonly RunSummary[]) => runs.map(({ id, status }) => `${id} ${status}`)

describe('mergeRuns', () => {
  const pages = [run('run_3', 'executing'), run('run_2', 'executing'), run('run_1', 'completed')]
  it('shows each run once, as it was read last', () =>
    expect(shown(mergeRuns(pages, [run('run_3', 'completed')], [run('run_2', 'paused')]))).toEqual([
      'run_3 completed',
      'run_2 paused',
      'run_1 completed',
    ]))
  it('puts what is new on top', () =>
    expect(shown(mergeRuns(pages, [run('run_4', 'created')]))[0]).toBe('run_4 created'))
  it('leaves out what a page further down will bring', () =>
    expect(mergeRuns(pages, [run('run_0', 'executing')])).toHaveLength(3))
})

describe('the filter in an address', () => {
  it('takes what it knows and leaves out the rest', () =>
    expect(
      readRunFilter({ status: 'nonsense', q: '  ', label: 'no', days: 3, other: 1, type: 'x', mode: 'x', error: 'x' }),
    ).toEqual({}))
  it('reads every part', () =>
    expect(readRunFilter({ status: 'live', q: 42, label: 'team:infra', days: 7 })).toEqual({
      status: 'live',
      q: '42',
      label: 'team:infra',
      days: 7,
    }))
  it('asks for what analytics leads to', () => {
    const filter = readRunFilter({
      type: 'research',
      mode: 'parallel',
      agent: 'writer',
      model: 'a:b',
      error: 'tool_failed,nonsense,model_auth',
    })
    expect(queryOf(filter, 0)).toEqual(filter)
    expect(queryOf(readRunFilter({ label: 'a:1', and: 'b:2' }), 0)).toEqual({ label: ['a:1', 'b:2'] })
  })
  it('takes the longest label there is', () => {
    const label = `${'k'.repeat(63)}:${'v'.repeat(200)}`
    expect(readRunFilter({ label })).toEqual({ label })
  })
  it('is narrowed to a label beside what it is narrowed to', () => {
    expect(withLabel({ status: 'failed' }, 'a:1')).toEqual({ status: 'failed', label: 'a:1' })
    expect(withLabel({ label: 'a:1' }, 'a:1')).toEqual({ label: 'a:1' })
    expect(withLabel({ q: 'x', label: 'a:1', and: 'c:3' }, 'b:2')).toEqual({ q: 'x', label: 'a:1', and: 'b:2' })
  })
  it('asks for live runs by all their states', () =>
    expect(queryOf({ status: 'live' }, 0).status).toBe('created,planning,awaiting_approval,executing,paused,verifying'))
  it('asks for a day in UTC', () =>
    expect(queryOf(readRunFilter({ day: '2026-11-20' }), 0)).toEqual({
      from: '2026-11-20',
      to: '2026-11-21T00:00:00.000Z',
    }))
  it('asks for whole minutes', () =>
    expect(queryOf({ days: 1 }, Date.parse('2026-11-21T10:11:12Z')).from).toBe('2026-11-20T10:11:00Z'))
})
