import { startModelServer } from '@flotilla/testing/model-server'
import type { ModelMessage, ModelOrder } from './start-model.ts'

const TOTALS_EVERY_MS = 200

/** A provider of models in a process of its own: `node model-process.ts ORDER`. */
const { answer } = JSON.parse(process.argv[2] ?? '') as ModelOrder
const tell = (message: ModelMessage): void => void process.send?.(message)
const server = await startModelServer({ rules: [() => answer] })

process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
tell({ kind: 'ready', url: server.url })
setInterval(() => {
  const { calls, open, mostOpen } = server.journal.totals()
  tell({ kind: 'calls', calls: { calls, open, mostOpen } })
}, TOTALS_EVERY_MS)
