import { expect, it } from 'vitest'
import { criterionIssues } from './criterion-issues.ts'

it('finds the criteria that could never run, with their paths', () => {
  const issues = criterionIssues(
    [
      { rule: 'matches', value: 'ok' },
      { rule: 'matches', value: '(' },
      { rule: 'jsonSchema', schema: { type: 'objekt' } },
      { rule: 'cel', value: 'output.text ==' },
      { rule: 'cel', value: 'size(output.text)' },
      { rule: 'cel', value: 'answer.text == "x"' },
      { rule: 'cel', value: 'output.text.size() > 10' },
      { judge: 'Reads well', threshold: 0.7 },
    ],
    '/plan/tasks/2/verify',
  )
  expect(issues.map((issue) => issue.path)).toEqual([
    '/plan/tasks/2/verify/1/value',
    '/plan/tasks/2/verify/2/schema',
    '/plan/tasks/2/verify/3/value',
    '/plan/tasks/2/verify/4/value',
    '/plan/tasks/2/verify/5/value',
  ])
  expect(issues[3]?.message).toBe('the expression gives int, expected true or false')
  expect(issues[4]?.message).toBe('Unknown variable: answer')
})

it('refuses loops nested beyond what can be walked', () => {
  const loop = (depth: number): string => (depth === 0 ? 'true' : `artifacts.all(a${depth}, ${loop(depth - 1)})`)
  expect(criterionIssues([{ rule: 'cel', value: loop(3) }], '')).toEqual([])
  expect(criterionIssues([{ rule: 'cel', value: loop(4) }], '')).toEqual([
    { path: '/0/value', message: '4 loops inside each other, at most 3' },
  ])
})
