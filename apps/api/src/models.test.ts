import { expect, it } from 'vitest'
import { readConfig } from './config.ts'
import { openModels } from './models.ts'

it('calls of analyses have the retries and limits of every call, and settings of their own', () => {
  const models = openModels(
    readConfig({
      DATABASE_URL: 'postgres://flotilla@127.0.0.1:5432/flotilla',
      FLOTILLA_CALL_RETRIES: '0',
      FLOTILLA_CALL_TIMEOUTS: '{"totalSeconds": 30}',
      FLOTILLA_CALL_SETTINGS: '{"analysis": {"reasoning": {"effort": "low"}, "timeouts": {"idleSeconds": 5}}}',
    }),
  )
  expect(models).toMatchObject({
    callRetry: { retries: 0 },
    callTimeouts: { totalMs: 30_000 },
    callSettings: { analysis: { reasoning: { effort: 'low' }, timeouts: { idleMs: 5_000 } } },
  })
})
