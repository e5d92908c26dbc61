/** The record in memory: what other packages simulate their code against. */
export * from './control-model.ts'
export * from './record-model.ts'
export * from './share-model.ts'
export * from './step-model.ts'
export * from './sweep-model.ts'
