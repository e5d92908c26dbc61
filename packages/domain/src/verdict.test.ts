import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { issuesOf } from './problem.ts'
import { CriterionSchema, decideVerdict, isJudge, type Finding } from './verdict.ts'

const finding = (passed: boolean, score = passed ? 1 : 0): Finding => ({
  criterion: 'c',
  by: 'rule',
  rationale: '',
  score,
  passed,
})
const findings = fc.array(
  fc.tuple(fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true })).map(([passed, score]) => finding(passed, score)),
  { maxLength: 8 },
)

describe('decideVerdict', () => {
  it('accepts exactly when everything passed', () => {
    fc.assert(
      fc.property(findings, fc.nat(3), fc.nat(3), (list, revisions, max) => {
        const verdict = decideVerdict(list, revisions, max)
        expect(verdict.decision === 'accepted').toBe(list.every((f) => f.passed))
        expect(verdict.score).toBeGreaterThanOrEqual(0)
        expect(verdict.score).toBeLessThanOrEqual(1 + 1e-12)
      }),
    )
  })

  it('asks for a revision while one is left, then rejects', () => {
    expect(
      [0, 1, 2, 3].map((revisions) => decideVerdict([finding(true), finding(false)], revisions, 2).decision),
    ).toEqual(['revise', 'revise', 'rejected', 'rejected'])
  })

  it('scores the mean of the findings, and 1 without any', () => {
    expect(decideVerdict([finding(true), finding(false, 0.5)], 0, 2).score).toBe(0.75)
    expect(decideVerdict([], 0, 2)).toMatchObject({ decision: 'accepted', score: 1 })
  })
})

describe('CriterionSchema', () => {
  const issues = (input: unknown) => issuesOf(v.safeParse(CriterionSchema, input).issues ?? [])

  it('reads rules and judges with their defaults', () => {
    expect(v.parse(CriterionSchema, { rule: 'citations' })).toEqual({ rule: 'citations', value: 1 })
    const judge = v.parse(CriterionSchema, { judge: 'Covers login' })
    expect(judge).toEqual({ judge: 'Covers login', threshold: 0.7 })
    expect(isJudge(judge)).toBe(true)
  })

  it('says what is wrong where it is wrong', () => {
    expect(issues({ rule: 'minLength', value: '3' })).toMatchObject([{ path: '/value' }])
    expect(issues({ rule: 'minLength', value: 3, zzz: 1 })).toEqual([{ path: '/zzz', message: 'unknown field "zzz"' }])
    expect(issues({ judge: 'x', treshold: 3 })).toEqual([{ path: '/treshold', message: 'unknown field "treshold"' }])
    expect(issues({ rule: 'sounds-good' })).toMatchObject([
      { path: '/rule', message: expect.stringContaining('minLength, maxLength') as unknown },
    ])
    expect(issues({ rule: 'minLength', value: 1, judge: 'x' })).toMatchObject([{ path: '/judge' }])
    expect(issues('minLength')).toHaveLength(1)
  })
})
