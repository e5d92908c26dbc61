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
  if (!URL.canParse(url)) throw unreachable(url, new Error('expected a URL of the form redis://host:6379'))
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    connectTimeout: 3_000,
    commandTimeout: 3_000,
    retryStrategy: () => null,
  })
  // The rejection says only that the connection is closed; why stands in the event before it.
  let why: Error | undefined
  redis.on('error', (error: Error) => (why ??= error))
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
    throw unreachable(url, why ?? cause)
  } finally {
    redis.disconnect()
  }
}

function unreachable(url: string, cause: unknown): ConfigurationError {
  const { message = '', code = '' } = cause as { message?: string; code?: string }
  return new ConfigurationError(
    `Redis cannot be reached at ${hostOf(url)}: ${(message || code).replace(/\.$/, '')}. Start it, correct REDIS_URL, or unset REDIS_URL to keep the queue in Postgres`,
    { cause },
  )
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
