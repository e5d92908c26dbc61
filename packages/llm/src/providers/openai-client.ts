import type OpenAI from 'openai'

/** It costs 170 ms to load, which a process without a key never pays. */
const loadSdk = () => import('openai')

export const loadOpenAI = async (): Promise<void> => void (await loadSdk())

/**
 * A client for one call, since the call's own `fetch` watches it; making one costs 0.04 ms. It neither retries nor reads the
 * environment.
 */
export async function openAIClient(
  server: { apiKey: string; baseURL: string },
  callFetch: typeof fetch,
): Promise<OpenAI> {
  const { default: Client } = await loadSdk()
  return new Client({ ...server, organization: null, project: null, maxRetries: 0, logLevel: 'off', fetch: callFetch })
}
