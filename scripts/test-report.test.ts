import path from 'node:path'
import { expect, test } from 'vitest'
import { noTests, sumOf, summaryLine, totalsOf } from './test-report.mjs'

interface File {
  name: string
  status: string
  message?: string
  tests: [title: string, outcome: string, failure?: string][]
}

function report(...files: File[]): string {
  return JSON.stringify({
    testResults: files.map(({ name, status, message, tests }) => ({
      name: path.resolve(name),
      status,
      message,
      assertionResults: tests.map(([title, outcome, failure]) => ({
        status: outcome,
        ancestorTitles: [title],
        title: 'delivers',
        failureMessages: failure === undefined ? [] : [failure],
      })),
    })),
  })
}

test('counts what passed, failed and was left out, and names the suites left out once', () => {
  const json = report({
    name: 'queue.itest.ts',
    status: 'failed',
    tests: [
      ['on postgres', 'passed'],
      ['on postgres', 'failed', '\u001B[31mAssertionError: expected 1 to be 2\u001B[39m\n\n    at queue.itest.ts:3:1'],
      ['on redis', 'skipped'],
      ['on redis', 'pending'],
    ],
  })
  expect(totalsOf('integration', json, 1)).toEqual({
    passed: 1,
    failures: [
      'queue.itest.ts › on postgres › delivers\n    AssertionError: expected 1 to be 2\n        at queue.itest.ts:3:1',
    ],
    skipped: 2,
    skippedSuites: [`${path.resolve('queue.itest.ts')} › on redis`],
  })
})

test('a long reason is told by its first lines', () => {
  const reason = Array.from({ length: 100 }, (_, line) => `line ${line}`).join('\n')
  const json = report({ name: 'a.test.ts', status: 'failed', tests: [['a', 'failed', reason]] })
  expect(totalsOf('unit', json, 1).failures[0]?.split('\n')).toHaveLength(13)
})

test('a file that cannot be imported is a failure', () => {
  const json = report({ name: 'broken.test.ts', status: 'failed', message: 'Cannot find module', tests: [] })
  expect(totalsOf('unit', json, 1).failures).toEqual(['broken.test.ts\n    Cannot find module'])
})

test.each([
  ['without a report', null],
  ['with nothing but passed tests', report({ name: 'a.test.ts', status: 'passed', tests: [['a', 'passed']] })],
])('a run that ends with an error %s is a failure', (_what, json) => {
  expect(totalsOf('e2e', json, 1).failures).toEqual(['e2e, outside of its tests: exit code 1'])
})

test('a run without tests is none', () => {
  expect(totalsOf('unit', null, 0)).toEqual(noTests)
})

test('sums runs into one line', () => {
  const sum = sumOf([
    { passed: 2, failures: [], skipped: 1, skippedSuites: ['a'] },
    { passed: 3, failures: ['b'], skipped: 0, skippedSuites: [] },
  ])
  expect(summaryLine(sum)).toBe('5 passed, 1 failed, 1 skipped')
  expect(summaryLine({ ...sum, skipped: 0 })).toBe('5 passed, 1 failed')
})
