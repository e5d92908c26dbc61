import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import {
  ApprovalDecisionSchema,
  APPROVAL_STATUSES,
  decideApproval,
  decidedAnswer,
  describeDecided,
  OUTCOME_DECISIONS,
} from './approval.ts'

const standing = { id: 'apr_1', status: 'decided', decision: 'skip', result: null, decidedBy: 'ann' } as const

describe('a decision', () => {
  it('applies to what is pending, whatever it is', () => {
    for (const decision of OUTCOME_DECISIONS)
      expect(decideApproval({ ...standing, status: 'pending', decision: null }, { decision, result: null })).toBe(
        'apply',
      )
  })

  it('may be repeated as it was, and never changed', () => {
    expect(decideApproval(standing, { decision: 'skip', result: null })).toBe('already')
    expect(decideApproval(standing, { decision: 'repeat', result: null })).toBe('forbidden')
    const happened = { ...standing, decision: 'happened', result: 'paid' } as const
    expect(decideApproval(happened, { decision: 'happened', result: 'paid' })).toBe('already')
    expect(decideApproval(happened, { decision: 'happened', result: 'refused' })).toBe('forbidden')
  })

  it('comes too late where time or the end of the run has decided', () => {
    for (const status of ['expired', 'withdrawn'] as const)
      expect(decideApproval({ ...standing, status }, { decision: 'skip', result: null })).toBe('forbidden')
  })

  it('that is refused is told what was decided', () => {
    const told = APPROVAL_STATUSES.map((status) => describeDecided({ ...standing, status }))
    expect(told).toEqual([
      'approval apr_1 is pending; allowed now: happened, repeat, skip',
      'approval apr_1 is decided: "skip" by ann; a decision is not changed',
      'approval apr_1 has expired, and "skip" was taken as decided; a decision is not changed',
      'approval apr_1 is withdrawn, since its run has ended; nothing is to be decided',
    ])
  })
})

describe('a refused second decision', () => {
  const told = (result: string | null) => describeDecided({ ...standing, decision: 'happened', result })

  it('is told the result on record, or that there is none', () => {
    expect(told('receipt 7')).toBe(
      'approval apr_1 is decided: "happened" by ann, with the result "receipt 7"; a decision is not changed',
    )
    expect(told(null)).toContain('"happened" by ann, without a result;')
    expect(told('x'.repeat(5_000)).length).toBeLessThan(400)
  })
})

describe('the body of a decision', () => {
  it('takes a result with "happened" alone', () => {
    const issues = (body: unknown) => v.safeParse(ApprovalDecisionSchema, body).issues?.map((i) => i.path?.[0]?.key)
    expect(issues({ decision: 'happened', result: 'paid', by: 'ann', comment: 'seen in the books' })).toBeUndefined()
    expect(issues({ decision: 'skip', result: 'paid' })).toEqual(['result'])
    expect(issues({ decision: 'maybe' })).toEqual(['decision'])
    expect(issues({ decision: 'skip', why: 'x' })).toEqual(['why'])
  })
})

describe('what the model is told', () => {
  const told = (decision: (typeof OUTCOME_DECISIONS)[number], more = {}, expired = false) =>
    decidedAnswer('pay', { decision, result: null, comment: null, ...more }, expired)

  it('is the result that the person gave, or that it is not known', () => {
    expect(told('happened', { result: 'receipt 7' })).toEqual({ status: 'succeeded', result: 'receipt 7' })
    expect(told('happened')?.result).toContain('What it answered is not known')
  })

  it('is nothing yet where the call is made once more', () => {
    expect(told('repeat')).toBeNull()
  })

  it('is a failure where it is not, with who said so', () => {
    expect(told('skip', { comment: 'ask the bank' })).toMatchObject({
      status: 'failed',
      result: expect.stringContaining('It was not repeated: a person decided not to repeat it ("ask the bank").'),
    })
    expect(told('skip', {}, true)?.result).toContain('nobody decided in time')
  })
})
