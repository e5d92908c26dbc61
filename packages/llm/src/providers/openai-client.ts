import type OpenAI from 'openai'
import { sharedFetch } from './call-fetch.ts'

/** It costs 170 ms to load, which a process without a key never pays. */
const loadSdk = () => import('openai')

export const loadOpenAI = async (): Promise<void> => void (await loadSdk())

/** A client for all calls of a provider. It neither retries nor reads the environment. */
export async function createOpenAIClient(server: { apiKey: string; baseURL: string }): Promise<OpenAI> {
  const { default: Client } = await loadSdk()
  return new Client({
    ...server,
    organization: null,
    project: null,
    maxRetries: 0,
    logLevel: 'off',
    fetch: sharedFetch,
  })
}
