/**
 * @typedef {object} Totals
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {readonly string[]} skippedSuites File and outermost suite of the tests that were left out.
 */

/** @type {Totals} */
export const noTests = { passed: 0, failed: 0, skipped: 0, skippedSuites: [] }

/**
 * The totals of one vitest run from its JSON report and its exit code. What fails outside the tests, such as a file
 * that cannot be imported or an error that nobody caught, counts as one failure: a failed run never looks green.
 * @typedef {{ status: string, ancestorTitles: string[] }} TestResult
 * @typedef {{ testResults: { name: string, status: string, assertionResults: TestResult[] }[] }} Report
 *
 * @param {string | null} json Null when the run wrote no report.
 * @param {number} exitCode
 * @returns {Totals}
 */
export function totalsOf(json, exitCode) {
  const { testResults } = /** @type {Report} */ (json === null ? { testResults: [] } : JSON.parse(json))
  let [passed, failed, skipped] = [0, 0, 0]
  /** @type {Set<string>} */
  const skippedSuites = new Set()
  for (const file of testResults) {
    if (file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed')) failed += 1
    for (const { status, ancestorTitles } of file.assertionResults) {
      if (status === 'passed') passed += 1
      else if (status === 'failed') failed += 1
      else {
        skipped += 1
        skippedSuites.add([file.name, ancestorTitles[0] ?? ''].filter(Boolean).join(' › '))
      }
    }
  }
  if (exitCode !== 0 && failed === 0) failed = 1
  return { passed, failed, skipped, skippedSuites: [...skippedSuites] }
}

/** @param {readonly Totals[]} all @returns {Totals} */
export function sumOf(all) {
  return {
    passed: all.reduce((sum, { passed }) => sum + passed, 0),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    skipped: all.reduce((sum, { skipped }) => sum + skipped, 0),
    skippedSuites: all.flatMap(({ skippedSuites }) => skippedSuites),
  }
}

/** @param {Totals} totals */
export function summaryLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`
}
