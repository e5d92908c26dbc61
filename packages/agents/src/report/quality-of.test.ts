import { QUALITY_WEIGHTS, type RunResult, type TaskStatus } from '@flotilla/domain'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOT_ANSWERED } from '../prompts/shared.ts'
import { citationCoverage, qualityOf, type QualityInput } from './quality-of.ts'

const task = (status: TaskStatus = 'completed', score: number | null = 1, revisions = 0) => ({
  status,
  score,
  revisions,
})
const result = (text: string): RunResult => ({ text, citations: [], simulated: false })
const of = (changes: Partial<QualityInput>) =>
  qualityOf({ tasks: [task()], result: null, hasDocuments: false, ...changes })

describe('qualityOf', () => {
  it('is 1 when everything completed, passed and was right at once', () => {
    expect(of({})).toEqual({ score: 1, parts: { verification: 1, completion: 1, revisions: 1 } })
    expect(Object.values(QUALITY_WEIGHTS).reduce((a, b) => a + b, 0)).toBeCloseTo(1)
  })

  it('names its parts', () => {
    const tasks = [task('completed', 0.8), task('completed', null, 2), task('failed', 0), task('skipped', null)]
    const text = 'Logs are kept for thirty days here [a.md:1].\n\nBackups are kept for two full years.'
    expect(of({ tasks, result: result(text), hasDocuments: true }).parts).toEqual({
      verification: 0.8,
      completion: 0.5,
      revisions: 0.6667,
      citations: 0.5,
    })
  })

  it('leaves out what does not apply, with its weight', () => {
    expect(of({ tasks: [task('completed', null)] })).toEqual({ score: 1, parts: { completion: 1, revisions: 1 } })
    expect(of({ tasks: [] })).toMatchObject({ parts: { completion: 0, revisions: 1 } })
  })

  it('stays between 0 and 1 and never gains from a failure', () => {
    const tasks = fc.array(
      fc.record({
        status: fc.constantFrom<TaskStatus>('completed', 'failed', 'skipped'),
        score: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        revisions: fc.nat(5),
      }),
      { maxLength: 10 },
    )
    fc.assert(
      fc.property(tasks, fc.string(), fc.boolean(), (list, text, hasDocuments) => {
        const quality = of({ tasks: list, result: result(text), hasDocuments })
        for (const value of [quality.score, ...Object.values(quality.parts)])
          expect(value >= 0 && value <= 1).toBe(true)
        const worse = of({ tasks: [...list, task('failed', null, 0)], result: result(text), hasDocuments })
        expect(worse.parts['completion']).toBeLessThanOrEqual(quality.parts['completion'] as number)
      }),
    )
  })
})

describe('citationCoverage', () => {
  it.each([
    ['# Title\n\nShort.\n', null],
    ['Logs are kept for thirty days. They are then deleted for good [a.md:2].', 1],
    [`${NOT_ANSWERED} how long traces are kept at all.`, null],
    ['- Logs are kept for thirty days [a.md:1]\n- Backups are kept for two years', 0.5],
    ['```\nlet a = 1 + 2 + 3 + 4\n```', null],
  ])('of %j', (text, expected) => {
    expect(citationCoverage(text)).toBe(expected)
  })
})
