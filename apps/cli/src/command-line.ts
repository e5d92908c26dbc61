import { CommanderError } from 'commander'
import { EXIT, type Context } from './context.ts'
import { expectedError, usageJson } from './problem-text.ts'
import { createProgram } from './program.ts'

/** Runs a command, tells what went wrong, and answers the exit code. Throws only for bugs. */
export async function runCommandLine(context: Context, argv: readonly string[], version: string): Promise<number> {
  const { terminal } = context
  const json = argv.includes('--json')
  try {
    await createProgram(context, { version, json }).parseAsync(argv)
    return context.exitCode
  } catch (error) {
    // Help and version end this way too, with 0.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done
      if (json) terminal.err(JSON.stringify({ error: usageJson([error.message.replace(/^error: /, '')]) }))
      return EXIT.usage
    }
    const expected = expectedError(error)
    if (expected === null) throw error
    if (json) terminal.err(JSON.stringify({ error: expected.json }))
    else for (const [i, line] of expected.lines.entries()) terminal.err(i === 0 ? `flotilla: ${line}` : line)
    return expected.exitCode
  }
}
