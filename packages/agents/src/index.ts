export type * from './brief.ts'
export * from './context/index.ts'
export * from './prompts/index.ts'
export * from './tools/index.ts'
