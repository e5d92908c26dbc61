import { Redis } from 'ioredis'
import { ConfigurationError } from '@flotilla/domain'

export type RedisFacts = Readonly<{
  version: string
  evictionPolicy: string
  usedMemoryBytes: number
  maxMemoryBytes: number
}>

const field = (info: string, name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? ''

/** What a Redis server says of itself. Throws a ConfigurationError, without the URL's password, when it cannot be reached. */
export async function redisFacts(url: string): Promise<RedisFacts> {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    connectTimeout: 3_000,
    commandTimeout: 3_000,
    retryStrategy: () => null,
  })
  redis.on('error', () => {})
  try {
    await redis.connect()
    const info = await redis.info()
    return {
      version: field(info, 'redis_version'),
      evictionPolicy: field(info, 'maxmemory_policy'),
      usedMemoryBytes: Number(field(info, 'used_memory')),
      maxMemoryBytes: Number(field(info, 'maxmemory')),
    }
  } catch (cause) {
    throw new ConfigurationError(
      `Redis cannot be reached at ${hostOf(url)}: ${cause instanceof Error ? cause.message : String(cause)}. Start it, correct REDIS_URL, or unset REDIS_URL to keep the queue in Postgres`,
      { cause },
    )
  } finally {
    redis.disconnect()
  }
}

export function hostOf(url: string): string {
  try {
    return new URL(url).host
  } catch {
    return 'an address that is not a URL'
  }
}

const OLDEST_MAJOR = 6

/** Refuses a Redis that could drop jobs or that BullMQ cannot use. */
export async function checkRedis(url: string): Promise<RedisFacts> {
  const facts = await redisFacts(url)
  if (facts.evictionPolicy !== 'noeviction')
    throw new ConfigurationError(
      `Redis at ${hostOf(url)} has maxmemory-policy "${facts.evictionPolicy}", which lets it drop jobs; expected "noeviction". Run: redis-cli config set maxmemory-policy noeviction`,
    )
  if (Number.parseInt(facts.version, 10) < OLDEST_MAJOR)
    throw new ConfigurationError(
      `Redis at ${hostOf(url)} is version ${facts.version}; expected ${OLDEST_MAJOR}.2 or newer`,
    )
  return facts
}
