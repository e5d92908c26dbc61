import { readFileSync } from 'node:fs'
import path from 'node:path'
import { loadConfig, ROOT } from './config.ts'
import { EXIT, type Context } from './context.ts'
import { runCommandLine } from './command-line.ts'
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

const exitCode = await runCommandLine(context, process.argv, readVersion())
// A pipe takes 64 KiB at a time: what is left of the output must reach its reader before the process ends.
await Promise.all([process.stdout, process.stderr].map(written))
process.exit(exitCode)

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (!stream.writable || stream.writableLength === 0) return resolve()
    stream.once('error', () => resolve())
    stream.write('', () => resolve())
  })
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }
  return version
}
