import { expect, test } from 'vitest'
import { noTests, sumOf, summaryLine, totalsOf } from './test-report.mjs'

function report(...files: { name: string; status: string; tests: [string, string][] }[]): string {
  return JSON.stringify({
    testResults: files.map(({ name, status, tests }) => ({
      name,
      status,
      assertionResults: tests.map(([title, outcome]) => ({ status: outcome, ancestorTitles: [title] })),
    })),
  })
}

test('counts what passed, failed and was left out, and names the suites left out once', () => {
  const json = report({
    name: 'queue.itest.ts',
    status: 'failed',
    tests: [
      ['on postgres', 'passed'],
      ['on postgres', 'failed'],
      ['on redis', 'skipped'],
      ['on redis', 'pending'],
    ],
  })
  expect(totalsOf(json, 1)).toEqual({ passed: 1, failed: 1, skipped: 2, skippedSuites: ['queue.itest.ts › on redis'] })
})

test('a file that cannot be imported is a failure', () => {
  expect(totalsOf(report({ name: 'broken.test.ts', status: 'failed', tests: [] }), 1)).toMatchObject({ failed: 1 })
})

test.each([
  ['without a report', null],
  ['with nothing but passed tests', report({ name: 'a.test.ts', status: 'passed', tests: [['a', 'passed']] })],
])('a run that ends with an error %s is a failure', (_what, json) => {
  expect(totalsOf(json, 1).failed).toBe(1)
})

test('a run without tests is none', () => {
  expect(totalsOf(null, 0)).toEqual(noTests)
})

test('sums runs into one line', () => {
  const sum = sumOf([
    { passed: 2, failed: 0, skipped: 1, skippedSuites: ['a'] },
    { passed: 3, failed: 1, skipped: 0, skippedSuites: [] },
  ])
  expect(summaryLine(sum)).toBe('5 passed, 1 failed, 1 skipped')
  expect(summaryLine({ ...sum, skipped: 0 })).toBe('5 passed, 1 failed')
})
