import type { Config, ModelSettings } from '../config.ts'
import { unpricedModels } from '../program-settings.ts'
import { fail, warn, type Check } from './check.ts'
import type { ServedModel } from './server.ts'

const PATIENCE_MS = 5_000

/** Base URLs of providers where nobody answers. Any answer is one: what a provider says to a call needs a key. */
export async function checkBaseUrls({ anthropicBaseUrl, openaiBaseUrl }: ModelSettings): Promise<Check[]> {
  const set = [
    ['ANTHROPIC_BASE_URL', anthropicBaseUrl],
    ['OPENAI_BASE_URL', openaiBaseUrl],
  ] as const
  const checks = set.map(async ([variable, url]): Promise<Check[]> => {
    const why = url === undefined ? null : await silence(url)
    if (why === null) return []
    const detail = `${variable} is ${url}, and nobody answers there (${why})`
    return [fail('Provider', detail, 'start the server of the model, or correct the address')]
  })
  return (await Promise.all(checks)).flat()
}

async function silence(url: string): Promise<string | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })
    await answer.body?.cancel()
    return null
  } catch (error) {
    const { cause } = error as { cause?: { code?: unknown } }
    return typeof cause?.code === 'string' ? cause.code : error instanceof Error ? error.message : String(error)
  }
}

/** Prices of the models that these settings choose; a server that runs tells of its own. */
export async function checkOwnPrices(config: Config, served: ServedModel | null): Promise<Check[]> {
  const unpriced = served === null ? await unpricedModels(config) : null
  if (unpriced === null) return []
  const { refused, notes } = unpriced
  return notes.map((note) =>
    refused
      ? fail('Prices', note, 'put it into FLOTILLA_PRICES, or set FLOTILLA_UNKNOWN_PRICE=most_expensive')
      : warn('Prices', note, 'put it into FLOTILLA_PRICES'),
  )
}
