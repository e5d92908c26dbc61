import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/**
 * @typedef {object} Totals
 * @property {number} passed
 * @property {readonly string[]} failures What failed: a name each, and under it why, where the runner told.
 * @property {number} skipped
 * @property {readonly string[]} skippedSuites File and outermost suite of the tests that were left out.
 */

/** @type {Totals} */
export const noTests = { passed: 0, failures: [], skipped: 0, skippedSuites: [] }

/** What is told of why a test failed: enough to see which of its assertions it was. */
const linesPerFailure = 12

/**
 * The totals of one vitest run from its JSON report and its exit code. What fails outside the tests, such as a file
 * that cannot be imported or an error that nobody caught, counts as one failure: a failed run never looks green.
 * @typedef {{ status: string, title: string, ancestorTitles: string[], failureMessages?: string[] }} TestResult
 * @typedef {{ name: string, status: string, message?: string, assertionResults: TestResult[] }} FileResult
 * @typedef {{ testResults: FileResult[] }} Report
 *
 * @param {string} name Of the run, for what fails outside of its tests.
 * @param {string | null} json Null when the run wrote no report.
 * @param {number} exitCode
 * @returns {Totals}
 */
export function totalsOf(name, json, exitCode) {
  const { testResults } = /** @type {Report} */ (json === null ? { testResults: [] } : JSON.parse(json))
  let [passed, skipped] = [0, 0]
  /** @type {string[]} */
  const failures = []
  /** @type {Set<string>} */
  const skippedSuites = new Set()
  for (const file of testResults) {
    const fileName = path.relative(process.cwd(), file.name)
    const failed = file.assertionResults.filter(({ status }) => status === 'failed')
    if (file.status === 'failed' && failed.length === 0) failures.push(failureOf([fileName], file.message))
    for (const { ancestorTitles, title, failureMessages } of failed) {
      failures.push(failureOf([fileName, ...ancestorTitles, title], failureMessages?.[0]))
    }
    for (const { status, ancestorTitles } of file.assertionResults) {
      if (status === 'passed') passed += 1
      else if (status !== 'failed') {
        skipped += 1
        skippedSuites.add([file.name, ancestorTitles[0] ?? ''].filter(Boolean).join(' › '))
      }
    }
  }
  if (exitCode !== 0 && failures.length === 0) failures.push(`${name}, outside of its tests: exit code ${exitCode}`)
  return { passed, failures, skipped, skippedSuites: [...skippedSuites] }
}

/** @param {readonly string[]} names From the file inwards. @param {string | undefined} message */
function failureOf(names, message = '') {
  const lines = stripVTControlCharacters(message).split('\n').filter(Boolean).slice(0, linesPerFailure)
  return [names.join(' › '), ...lines.map((line) => `    ${line}`)].join('\n')
}

/** @param {readonly Totals[]} all @returns {Totals} */
export function sumOf(all) {
  return {
    passed: all.reduce((sum, { passed }) => sum + passed, 0),
    failures: all.flatMap(({ failures }) => failures),
    skipped: all.reduce((sum, { skipped }) => sum + skipped, 0),
    skippedSuites: all.flatMap(({ skippedSuites }) => skippedSuites),
  }
}

/** @param {Totals} totals */
export function summaryLine({ passed, failures, skipped }) {
  return `${passed} passed, ${failures.length} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`
}
