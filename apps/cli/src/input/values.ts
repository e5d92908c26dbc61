import { InvalidArgumentError } from 'commander'

/** What the server takes at most. */
export const MOST_AMOUNT = 1_000_000_000_000
export const MOST_SECONDS = 1_000_000_000

/** Parsers of option values; commander puts the option's name before what they throw. */

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max.toLocaleString('en')}.`)
  }
}

const MOST_USD = 1_000_000_000

export function amount(text: string): number {
  const value = /^\d{1,10}(\.\d{1,10})?$/.test(text) ? Number(text) : Number.NaN
  if (value <= MOST_USD) return value
  throw new InvalidArgumentError('Expected an amount in US dollars from 0 to 1,000,000,000, such as 1.5.')
}

export function address(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new InvalidArgumentError('Expected a URL that begins with http:// or https://.')
}

/** Collects `key=value` options into one record. */
export function label(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected key=value.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}

/** A limit that may also be taken away. Not null: commander would make it empty text. */
export const orNone =
  (read: (text: string) => number): ((text: string) => number | 'none') =>
  (text) => {
    if (text === 'none') return text
    try {
      return read(text)
    } catch (error) {
      throw error instanceof InvalidArgumentError ? new InvalidArgumentError(`${error.message} Or none.`) : error
    }
  }

export function moment(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) && !Number.isNaN(Date.parse(text))) return text
  throw new InvalidArgumentError('Expected a date such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z.')
}
