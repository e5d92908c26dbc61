export { createApp, type ApiType, type AppSettings } from './app.ts'
export { ENV_KEYS, readConfig, type Config } from './config.ts'
export type { ApiDeps } from './context.ts'
