import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root folder of the checkout. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')

/** A line about what goes on; standard output belongs to the data of the command that runs. @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`)
}

/** Ends a script with a message for the person in front of it, without a stack. */
export class ScriptError extends Error {}

/**
 * Runs a script's main function, and exits with the code that it answers.
 * @param {() => Promise<number>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    say(error instanceof ScriptError ? error.message : String(error instanceof Error ? error.stack : error))
    process.exitCode = 1
  }
}
