import { createModelRegistry, createNoopProvider, OPEN_GATE } from '@flotilla/llm'
import { expect, it } from 'vitest'
import { lanesView } from './lane-view.ts'

it('shows a learnt limit as it holds now, and not as it was learnt', () => {
  const now = Date.UTC(2026, 10, 21, 12)
  const meter = { level: 0, at: now, used: {}, learnt: { limit: 12, at: now - 90_000 } }
  const state = { ...OPEN_GATE, meters: { requests: meter } }
  const models = createModelRegistry({ offline: createNoopProvider() })
  const row = { id: 'compatible/big/k', state, now }
  const [lane] = lanesView({ rows: [row], waiting: [], models, inUse: [], configOf: undefined, now })
  expect(lane?.meters).toEqual([{ name: 'requests', limit: 21, from: 'learnt', used: 0 }])
})
