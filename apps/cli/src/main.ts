import { readFileSync } from 'node:fs'
import path from 'node:path'
import { CommanderError } from 'commander'
import { loadConfig, ROOT } from './config.ts'
import { EXIT, type Context } from './context.ts'
import { expectedError } from './problem-text.ts'
import { createProgram } from './program.ts'
import { createTerminal } from './terminal.ts'

const terminal = createTerminal(process.stdout, process.stderr)
const { config, problems } = loadConfig()
const context: Context = {
  config,
  problems,
  terminal,
  now: Date.now,
  onSignal: (signal, listener) => {
    process.on(signal, listener)
    return () => void process.off(signal, listener)
  },
  exitCode: EXIT.done,
  staysUp: false,
}

// Whoever read our output has gone, as in `flotilla runs list | head`.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (!context.staysUp) process.exit(EXIT.done)
  })
}
process.once('exit', () => terminal.restore())

process.exit(await main(process.argv))

async function main(argv: readonly string[]): Promise<number> {
  try {
    await createProgram(context, readVersion()).parseAsync(argv)
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

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }
  return version
}
