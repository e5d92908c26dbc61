const levelNames: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO ',
  40: 'WARN ',
  50: 'ERROR',
  60: 'FATAL',
}
const ownFields = new Set(['level', 'time', 'pid', 'name', 'msg', 'err'])

/** One JSON log line as a line for people: `12:00:01.123 INFO  api: listening port=3000`; a stack follows indented. */
export function prettyLine(json: string): string {
  const record = parseRecord(json)
  if (record === null) return json
  const time = typeof record['time'] === 'string' ? record['time'].slice(11, 23) : ''
  const level = levelNames[Number(record['level'])] ?? '     '
  const fields = Object.entries(record)
    .filter(([key]) => !ownFields.has(key))
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `${time} ${level} ${text(record['name'])}: ${text(record['msg'])}${fields.join('')}\n${stackOf(record['err'])}`
}

function parseRecord(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json)
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function stackOf(err: unknown): string {
  if (!isRecord(err)) return ''
  const stack = text(err['stack']) || text(err['message'])
  return `${stack.replaceAll(/^/gm, '    ')}\n`
}
