import { expect, it } from 'vitest'
import { readAnalytics, runsOf } from './search.ts'

it('an address says what it shows, and nothing else', () => {
  expect(readAnalytics({ days: 30, split: 'day', use: 'model', label: 'x', type: 'x', other: 1 })).toEqual({})
  const all = {
    days: 7,
    label: 'team:infra',
    type: 'research',
    mode: 'parallel',
    status: 'live',
    split: 'label:env',
    use: 'agent',
  }
  expect(readAnalytics(all)).toEqual(all)
  expect(readAnalytics({ split: 'hasOwnProperty' })).toEqual({})
})

it.each([
  ['agent', 'writer', { agent: 'writer' }],
  ['model', 'a:b', { model: 'a:b' }],
  ['status', 'failed', { status: 'failed' }],
  ['label:env', 'prod', { and: 'env:prod' }],
  ['label:team', 'infra', {}],
  ['purpose', 'judge', {}],
  ['label:env', null, {}],
] as const)('what is told by %s, of %s, leads to its runs', (group, key, more) => {
  const search = readAnalytics({ label: 'team:infra', type: 'research', days: 7 })
  expect(runsOf(search, group, key)).toEqual({ label: 'team:infra', type: 'research', ...more })
})
