export { addStats, meansOf, statsOf, type AgentStatsDelta, type FinishedTask } from './stats-of.ts'
