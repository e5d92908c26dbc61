import { InvalidArgumentError } from 'commander'

/** Parsers of option values; commander puts the option's name before what they throw. */

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max.toLocaleString('en')}.`)
  }
}

export function amount(text: string): number {
  const value = /^\d{1,9}(\.\d{1,10})?$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isNaN(value)) return value
  throw new InvalidArgumentError('Expected an amount in US dollars, such as 1.5.')
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
