import { CommanderError } from 'commander'
import { EXIT, type Context } from './context.ts'
import { expectedError } from './problem-text.ts'
import { createProgram } from './program.ts'

/** Runs a command, tells what went wrong, and answers the exit code. Throws only for bugs. */
export async function runCommandLine(context: Context, argv: readonly string[], version: string): Promise<number> {
  const { terminal } = context
  try {
    await createProgram(context, version).parseAsync(argv)
    return context.exitCode
  } catch (error) {
    // Help and version end this way too, with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    const expected = expectedError(error)
    if (expected === null) throw error
    if (argv.includes('--json')) terminal.err(JSON.stringify({ error: expected.json }))
    else for (const [i, line] of expected.lines.entries()) terminal.err(i === 0 ? `flotilla: ${line}` : line)
    return expected.exitCode
  }
}
