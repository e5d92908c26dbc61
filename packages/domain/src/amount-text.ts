import type { BudgetDimension } from './budget.ts'

/** How an amount that is not whole is cut: a need is rounded up and what is left down, so that what is told suffices. */
export type Rounding = 'nearest' | 'up' | 'down'

const ROUND: Readonly<Record<Rounding, (value: number) => number>> = {
  nearest: Math.round,
  up: Math.ceil,
  down: Math.floor,
}

/** `0.07 * 100` is above 7: a ten-billionth decides nothing. */
const cutAt = (value: number, decimals: number, rounding: Rounding): number => {
  const scaled = Math.round(value * 10 ** decimals * 1e6) / 1e6
  return ROUND[rounding](scaled) / 10 ** decimals
}

/** US dollars as `$0`, `$0.0012`, `$2.37`; four decimals below a cent. */
export function dollars(value: number, rounding: Rounding = 'nearest'): string {
  const decimals = value < 0.01 ? 4 : 2
  const shown = cutAt(value, decimals, rounding)
  if (shown === 0) return value > 0 && rounding === 'nearest' ? 'under $0.0001' : '$0'
  return `$${shown.toFixed(shown < 0.01 ? 4 : 2)}`
}

const UNITS: Readonly<Record<Exclude<BudgetDimension, 'costUsd'>, readonly [one: string, many: string]>> = {
  tokens: ['token', 'tokens'],
  toolCalls: ['tool call', 'tool calls'],
  seconds: ['second', 'seconds'],
}

/** An amount with its unit: `$2.00`, `1 tool call`, `20,000 tokens`, `8 seconds`. */
export function amountText(dimension: BudgetDimension, value: number, rounding: Rounding = 'nearest'): string {
  if (dimension === 'costUsd') return dollars(value, rounding)
  const [one, many] = UNITS[dimension]
  const shown = cutAt(value, dimension === 'seconds' ? 1 : 0, rounding)
  return `${shown.toLocaleString('en')} ${shown === 1 ? one : many}`
}

/** The least number, as people type it, that is no smaller: cents, or ten-thousandths of a dollar below one; else whole. */
export const leastNumber = (dimension: BudgetDimension, value: number): number =>
  cutAt(value, dimension !== 'costUsd' ? 0 : value < 0.01 ? 4 : 2, 'up')

/** A share as `22 %`; no share below the whole is told as 100 %. */
export function percentText(share: number): string {
  const rounded = Math.round(100 * share)
  return `${share < 1 ? Math.min(99, rounded) : rounded} %`
}
