declare module 'vitest' {
  interface ProvidedContext {
    /** The PostgreSQL of the test run, as its superuser. */
    postgresUrl: string
    /** The Redis of the test run; null when the tests run without Redis. */
    redisUrl: string | null
  }
}

export {}
