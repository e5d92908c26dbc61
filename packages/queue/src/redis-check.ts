import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { ConfigurationError } from '@flotilla/domain'
import { hostOf, redisCli } from './redis-address.ts'

export type RedisFacts = Readonly<{
  version: string
  evictionPolicy: string
  usedMemoryBytes: number
  maxMemoryBytes: number
  /** The server that this one follows; null for one that follows none. */
  replicaOf: string | null
  cluster: boolean
  /** Why it refuses a small write with a lifetime; null when it took one. */
  refusesWrites: string | null
  /** The database that the URL names and the server refuses; null when it took it. */
  refusesDatabase: Readonly<{ asked: number; why: string; databases: number | null }> | null
}>

/** What stands in the way of using a Redis, and what to do about it. */
export type RedisProblem = Readonly<{ about: 'server' | 'memory'; what: string; mend: string }>

const field = (info: string, name: string): string => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? ''

/** What a Redis server says of itself. Throws a ConfigurationError, without the URL's password, when it cannot be asked. */
export async function redisFacts(url: string): Promise<RedisFacts> {
  if (!URL.canParse(url)) throw unreachable(url, new Error('expected a URL of the form redis://host:6379'))
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    connectTimeout: 3_000,
    commandTimeout: 3_000,
    retryStrategy: () => null,
  })
  if (!Number.isInteger(redis.options.db))
    throw new ConfigurationError(
      `REDIS_URL asks Redis at ${hostOf(url)} for a database that is no number. End it in one, as in redis://host:6379/0`,
    )
  // The rejection says only that the connection is closed; why stands in the event before it.
  let why: Error | undefined
  redis.on('error', (error: Error) => (why ??= error))
  try {
    await redis.connect()
    const info = await redis.info()
    const follows = field(info, 'role') === 'slave'
    return {
      version: field(info, 'redis_version'),
      evictionPolicy: field(info, 'maxmemory_policy'),
      usedMemoryBytes: Number(field(info, 'used_memory')),
      maxMemoryBytes: Number(field(info, 'maxmemory')),
      replicaOf: follows ? `${field(info, 'master_host')}:${field(info, 'master_port')}` : null,
      cluster: field(info, 'cluster_enabled') === '1',
      refusesWrites: await refusedWrite(redis),
      refusesDatabase: await refusedDatabase(redis),
    }
  } catch (cause) {
    throw unreachable(url, why ?? cause)
  } finally {
    redis.disconnect()
  }
}

async function refusedWrite(redis: Redis): Promise<string | null> {
  try {
    await redis.set(`flotilla:check:${randomBytes(8).toString('hex')}`, '1', 'PX', 1_000)
    return null
  } catch (error) {
    return messageOf(error)
  }
}

/** Connecting leaves one in database 0 when the server refuses the one of the URL, and says so beside. */
async function refusedDatabase(redis: Redis): Promise<RedisFacts['refusesDatabase']> {
  const asked = redis.options.db ?? 0
  if (asked === 0) return null
  try {
    await redis.select(asked)
    return null
  } catch (error) {
    return { asked, why: messageOf(error), databases: await countDatabases(redis) }
  }
}

/** Null where the server does not let this user read its configuration. */
async function countDatabases(redis: Redis): Promise<number | null> {
  const [, count] = (await redis.config('GET', 'databases').catch(() => [])) as string[]
  return count === undefined ? null : Number(count)
}

const messageOf = (error: unknown): string => {
  const { message = '', code = '' } = error as { message?: string; code?: string }
  return (message || code).replace(/\.$/, '')
}

function unreachable(url: string, cause: unknown): ConfigurationError {
  const message = messageOf(cause)
  const host = hostOf(url)
  if (message.startsWith('NOAUTH'))
    return new ConfigurationError(
      `Redis at ${host} needs a password (NOAUTH). Put it into REDIS_URL: redis://:password@${host}`,
      { cause },
    )
  if (message.startsWith('WRONGPASS'))
    return new ConfigurationError(
      `Redis at ${host} refuses the user or password of REDIS_URL: ${message}. Correct it`,
      {
        cause,
      },
    )
  // As ioredis tells of a first byte that none of its replies has.
  if (/unknown resp type|protocol error/i.test(message))
    return new ConfigurationError(
      `what answers at ${host} is no Redis. Correct REDIS_URL, or unset it to keep the queue in Postgres`,
      { cause },
    )
  return new ConfigurationError(
    `Redis cannot be reached at ${host}: ${message}. Start it, correct REDIS_URL, or unset REDIS_URL to keep the queue in Postgres`,
    { cause },
  )
}

const OLDEST = [6, 2] as const

function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
}

/** Everything about the Redis of a URL that could lose jobs, or that the queue cannot work with. */
export function redisProblems(url: string, facts: RedisFacts): RedisProblem[] {
  const problems: RedisProblem[] = []
  if (isTooOld(facts.version))
    problems.push({
      about: 'server',
      what: `is version ${facts.version}; expected ${OLDEST.join('.')} or newer`,
      mend: 'upgrade it, or point REDIS_URL at a newer one',
    })
  if (facts.cluster)
    problems.push({
      about: 'server',
      what: 'is a node of a Redis Cluster, which may keep the parts of a queue on several servers; expected one server',
      mend: 'point REDIS_URL at one outside a cluster',
    })
  if (facts.evictionPolicy !== 'noeviction')
    problems.push({
      about: 'memory',
      what: `has maxmemory-policy "${facts.evictionPolicy}", which lets it drop jobs; expected "noeviction"`,
      mend: `${redisCli(url)} config set maxmemory-policy noeviction`,
    })
  // A cluster has one database, and a server outside it another count.
  const refusals = [facts.cluster ? null : databaseRefusalOf(facts), refusalOf(url, facts)]
  return [...problems, ...refusals.filter((refusal) => refusal !== null)]
}

function databaseRefusalOf({ refusesDatabase }: RedisFacts): RedisProblem | null {
  if (refusesDatabase === null) return null
  const { asked, why, databases } = refusesDatabase
  if (databases === null || (asked >= 0 && asked < databases))
    return {
      about: 'server',
      what: `refuses the database ${asked} of REDIS_URL: ${why}`,
      mend: 'end REDIS_URL in the number of another one, such as /0',
    }
  return {
    about: 'server',
    what: `has no database ${asked}, which REDIS_URL names; it has ${databases}, expected 0${databases > 1 ? ` to ${databases - 1}` : ''}`,
    mend: `end REDIS_URL in one of these, or set "databases ${Math.max(asked, 0) + 1}" in its redis.conf and start it anew`,
  }
}

function refusalOf(url: string, facts: RedisFacts): RedisProblem | null {
  const { refusesWrites, replicaOf, usedMemoryBytes, maxMemoryBytes } = facts
  if (refusesWrites === null) return null
  if (refusesWrites.startsWith('READONLY'))
    return {
      about: 'server',
      what: `is read-only${replicaOf === null ? '' : `, a replica of ${replicaOf}`}; expected one that takes writes`,
      mend: `point REDIS_URL at ${replicaOf ?? 'the primary'}`,
    }
  if (refusesWrites.startsWith('OOM'))
    return {
      about: 'memory',
      what: `is full: ${mebibytes(usedMemoryBytes)} of ${mebibytes(maxMemoryBytes)} (maxmemory) are used, and it takes no more`,
      mend: `give it more with: ${redisCli(url)} config set maxmemory <bytes>, or remove what else it holds`,
    }
  return {
    about: 'server',
    what: `refuses to write: ${refusesWrites}`,
    mend: 'mend that, or point REDIS_URL at another one',
  }
}

/** Of what it may use; wake-ups of a fleet are small, and there may be many at once. */
const SCARCE_SHARE = 0.9

/** A Redis that takes jobs still, and soon may not; null where there is room. */
export function scarceMemory(url: string, { usedMemoryBytes, maxMemoryBytes }: RedisFacts): RedisProblem | null {
  if (maxMemoryBytes === 0 || usedMemoryBytes < SCARCE_SHARE * maxMemoryBytes) return null
  return {
    about: 'memory',
    what: `has little memory left: ${mebibytes(usedMemoryBytes)} of ${mebibytes(maxMemoryBytes)} (maxmemory) are used, and when it is full no task is woken by it`,
    mend: `give it more with: ${redisCli(url)} config set maxmemory <bytes>, or remove what else it holds`,
  }
}

const mebibytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MiB`

/** Refuses a Redis that could drop jobs or that the queue cannot use, with everything that is wrong with it. */
export async function checkRedis(url: string): Promise<RedisFacts> {
  const facts = await redisFacts(url)
  const problems = redisProblems(url, facts)
  if (problems.length === 0) return facts
  throw new ConfigurationError(
    problems.map(({ what, mend }) => `Redis at ${hostOf(url)} ${what}. To mend it: ${mend}`).join('\n'),
  )
}
