import { pino, stdTimeFunctions, type DestinationStream, type Logger as PinoLogger } from 'pino'
import { prettyLine } from './pretty-line.ts'

export type Logger = PinoLogger
/** What most code needs of a logger. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

export interface LoggerOptions {
  readonly level: LogLevel
  readonly name: string
  /** Where the lines go; standard error when left out, since standard output belongs to data. */
  readonly destination?: DestinationStream
  /** One line for people instead of JSON. */
  readonly pretty?: boolean
}

const secretKeys = [
  'apiKey',
  'api_key',
  'authorization',
  'Authorization',
  'cookie',
  'set-cookie',
  'connectionString',
  'databaseUrl',
  'password',
  'redisUrl',
  'secret',
  'token',
  'x-api-key',
]

/** Redaction matches exact paths: a secret key is caught at the top level and up to three objects deep. */
const depths = ['', '*', '*.*', '*.*.*']

const redactedPaths = secretKeys.flatMap((key) => {
  const step = /^\w+$/.test(key) ? key : `["${key}"]`
  return depths.map((depth) => (depth === '' ? step : step.startsWith('[') ? `${depth}${step}` : `${depth}.${step}`))
})

export function createLogger({ level, name, destination, pretty = false }: LoggerOptions): Logger {
  const lines = destination ?? pino.destination({ dest: 2, sync: true })
  return pino(
    {
      level,
      name,
      base: { pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: redactedPaths, censor: '[redacted]' },
    },
    pretty ? { write: (line: string) => lines.write(prettyLine(line)) } : lines,
  )
}
