import { readFileSync } from 'node:fs'
import path from 'node:path'
import { ConfigurationError } from '@flotilla/domain'
import type { Result } from './model-name.ts'
import { createPriceTable } from './pricing.ts'

/**
 * Prices as an operator sets them: JSON, or the path of a file of it, from `root` on. The message of a wrong setting goes on
 * from the setting's name.
 */
export function readPriceSetting(setting: string, root: string): Result<unknown> {
  const isJson = /^[{["\d]/.test(setting.trimStart())
  const file = path.resolve(root, setting)
  const text = isJson ? setting : readText(file)
  if (typeof text !== 'string')
    return {
      ok: false,
      message: `names a file that cannot be read: ${file} (${text.why}); expected JSON, or such a file`,
    }
  const where = isJson ? '' : `, in ${file}`
  try {
    const prices: unknown = JSON.parse(text)
    createPriceTable(prices)
    return { ok: true, value: prices }
  } catch (error) {
    if (error instanceof ConfigurationError) return { ok: false, message: `is refused${where}: ${error.message}` }
    if (error instanceof SyntaxError) return { ok: false, message: `is not JSON${where}: ${error.message}` }
    throw error
  }
}

function readText(file: string): string | { why: string } {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    return { why: (error as NodeJS.ErrnoException).code ?? String(error) }
  }
}
