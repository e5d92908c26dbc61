import { defineConfig } from 'vitest/config'

const services = './packages/testing/src/global-setup.ts'

/** Projects told apart by what they need: nothing, real services, the oldest Postgres there may be, the whole system as processes. */
export default defineConfig({
  test: {
    passWithNoTests: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{packages,apps}/*/src/**/*.test.{ts,tsx}', '{scripts,infra,tests,bench}/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['{packages,apps}/*/src/**/*.itest.ts'],
          globalSetup: services,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'oldest-postgres',
          include: process.platform === 'linux' && process.arch === 'x64' ? ['packages/db/src/**/*.itest.ts'] : [],
          globalSetup: './packages/testing/src/oldest-postgres-setup.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.e2e.ts'],
          globalSetup: services,
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
