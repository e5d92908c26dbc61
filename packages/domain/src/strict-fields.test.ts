import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { CreateRunSchema } from './create-run.ts'
import { PatchRunSchema } from './patch-run.ts'
import { issuesOf } from './problem.ts'
import { SetWorkspaceBudgetSchema } from './workspace-budget.ts'

const told = (schema: v.GenericSchema, input: unknown) => issuesOf(v.safeParse(schema, input).issues ?? [])
const ofRun = (budget: unknown) => told(CreateRunSchema, { goal: 'x', budget })
const ofPatch = (budget: unknown) => told(PatchRunSchema, { budget })
const LIMITS = 'tokens, costUsd, toolCalls, seconds'

describe('a budget', () => {
  it.each([
    ['a run', '/budget', ofRun],
    ['a patch', '/budget', ofPatch],
    ['a month', '/limits', (limits: unknown) => told(SetWorkspaceBudgetSchema, { limits })],
  ])('of %s is no list', (_, path, issues) => {
    expect(issues([])).toMatchObject([
      { path, message: expect.stringMatching(/^expected an object of tokens, .*, found a list$/) },
    ])
    expect(issues([{ costUsd: 1 }])).toHaveLength(1)
    expect(issues('5')).toMatchObject([{ path, message: expect.stringContaining('found "5"') }])
    expect(issues({ costUsd: 1 })).toEqual([])
  })

  it('says what was found instead of a number', () => {
    expect(ofRun({ tokens: null })).toEqual([
      {
        path: '/budget/tokens',
        message: expect.stringMatching(/^expected a whole number of tokens from 1 .*, found null$/),
      },
    ])
    expect(ofRun({ costUsd: '1000' })).toMatchObject([{ message: expect.stringMatching(/, found "1000"$/) }])
    expect(ofPatch({ tokens: '1000' })).toMatchObject([{ message: expect.stringMatching(/, found "1000"$/) }])
  })

  it('names the fields that there are beside an unknown one', () => {
    expect(ofRun({ usd: 1 })).toEqual([
      { path: '/budget/usd', message: `unknown field "usd": expected ${LIMITS}, onExceeded, such as {"costUsd": 5}` },
    ])
  })

  it('of a month that is given as that of a run is, and the other way round, is told how it is to be', () => {
    expect(told(SetWorkspaceBudgetSchema, { costUsd: 1 })).toEqual([
      { path: '/limits', message: '"limits" is missing: expected {"limits": {"costUsd": 5}}' },
      { path: '/costUsd', message: 'unknown field "costUsd": expected limits, such as {"limits": {"costUsd": 5}}' },
    ])
    const message = `unknown field "limits": expected ${LIMITS}, onExceeded, such as {"costUsd": 5}`
    expect(ofRun({ limits: { costUsd: 1 } })).toEqual([{ path: '/budget/limits', message }])
    expect(ofPatch({ limits: { costUsd: 1 } })).toEqual([{ path: '/budget/limits', message }])
  })

  it('names the policies beside an unknown one', () => {
    const message = 'expected "degrade", "pause" or "fail", found "stop"'
    expect(ofRun({ onExceeded: 'stop' })).toEqual([{ path: '/budget/onExceeded', message }])
    expect(ofPatch({ onExceeded: 'stop' })).toEqual([{ path: '/budget/onExceeded', message }])
  })
})
