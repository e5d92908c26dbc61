export type {} from './provided-context.ts'
export {
  describeOnEachBackend,
  describeOnRedis,
  redisPrefix,
  testRedisUrl,
  type QueueBackend,
} from './queue-backends.ts'
export { createTcpProxy, type ProxyMode, type TcpProxy, type TcpTarget } from './tcp-proxy.ts'
export {
  createTestDatabase,
  type DatabaseTemplate,
  type TestDatabase,
  type TestDatabaseOptions,
} from './test-database.ts'
export { startTestPostgres, type TestServer } from './test-postgres.ts'
export { startTestRedis, type TestRedisOptions } from './test-redis.ts'
export { until, type UntilOptions } from './until.ts'
