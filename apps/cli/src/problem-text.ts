import { ProblemError } from '@flotilla/client'
import { FlotillaError } from '@flotilla/domain'
import { EXIT } from './context.ts'
import { oneLine } from './live/terminal-text.ts'

/** What went wrong with the input rather than with the work. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'invalid_input',
  'unsupported',
  'malformed_json',
  'too_large',
  'unsupported_media_type',
  'idempotency_mismatch',
])

export const CORRECT_ENVIRONMENT = 'Correct the environment or .env; `flotilla doctor` checks all of it.'

/** A command that was called wrongly, or in an environment that is wrong: what is to be corrected, one line each. */
export class UsageError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('; '))
    this.name = 'UsageError'
    this.problems = problems
  }
}

/** An error that a command may end with: what it says, and the exit code. Null for what is a bug. */
export function expectedError(error: unknown): { lines: string[]; json: unknown; exitCode: number } | null {
  if (error instanceof ProblemError) {
    const { problem } = error
    const exitCode = USAGE_CODES.has(problem.code) ? EXIT.usage : EXIT.failed
    return { lines: problemLines(error), json: problem, exitCode }
  }
  if (error instanceof UsageError)
    return { lines: error.problems.map(oneLine), json: usageJson(error.problems), exitCode: EXIT.usage }
  if (error instanceof FlotillaError || isDatabaseStartError(error))
    return { lines: [oneLine(error.message)], json: { code: error.code, detail: error.message }, exitCode: EXIT.failed }
  return null
}

/** As the commands tell errors with `--json`. */
export const usageJson = (problems: readonly string[]): unknown => ({
  code: 'invalid_input',
  detail: problems.join('; '),
  ...(problems.length > 1 && { errors: problems.map((message) => ({ message })) }),
})

function problemLines({ problem, message }: ProblemError): string[] {
  const issues = problem.errors ?? []
  // With one issue the detail mostly says it already.
  const told = issues.length === 1 && issues.every((issue) => message.includes(issue.message))
  if (told) return [oneLine(message)]
  return [oneLine(message), ...issues.map((issue) => `  ${oneLine(`${issue.path || '/'}: ${issue.message}`)}`)]
}

/** Told by its name: its class comes with the database's driver, which most commands do without. */
const isDatabaseStartError = (error: unknown): error is Error & { code: string } =>
  error instanceof Error && error.name === 'EmbeddedPostgresError' && 'code' in error
