export { inBatches, type BatchOptions } from './batches.ts'
export { systemClock, systemScheduler, systemTimers, type Clock, type Scheduler, type Timers } from './clock.ts'
export { createLogger, type Log, type Logger, type LoggerOptions, type LogLevel } from './logger.ts'
export { NotReady, readDependencies, type Check, type DependencyState } from './dependencies.ts'
export { commaList, environmentProblem, STORE_ENTRIES } from './environment.ts'
export { freePort } from './ports.ts'
export { superviseProcess, type ProcessExit, type SuperviseOptions, type SupervisedProcess } from './process-group.ts'
export { createLoopService, type LoopServiceOptions, type RoundCounts, type Service } from './service.ts'
export {
  createShutdown,
  type Close,
  type ProcessEvents,
  type Shutdown,
  type ShutdownOptions,
  type ShutdownReport,
} from './shutdown.ts'
export { loopTurn } from './turns.ts'
export { openStoreLogs, type StoreLogs, type StoreLogsOptions } from './store-logs.ts'
export { endUnansweredConnections } from './unanswered-connections.ts'
export { within } from './within.ts'
