export { readConfig } from './config.ts'
export { startWorker, type Execute } from './start-worker.ts'
