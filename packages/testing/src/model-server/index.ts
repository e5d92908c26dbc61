export type { CallEnd, Journal, JournalEntry, Totals } from './journal.ts'
export { startModelServer, type Answer, type ModelServer, type ModelServerOptions, type Rule } from './model-server.ts'
export type { Asked, ProtocolName, Reply, Tokens } from './protocol.ts'
export type { Limits } from './quota.ts'
