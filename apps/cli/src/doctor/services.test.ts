import type { Client } from '@flotilla/client'
import { ServerUnreachableError } from '@flotilla/client'
import { expect, test } from 'vitest'
import { readServedModel } from './server.ts'
import { checkModels } from './services.ts'

const serving = (model: string, simulated: boolean): Client =>
  ({
    models: async () => ({
      items: [
        { model: 'a:other', uses: ['agent'] },
        { model, simulated, uses: ['default'] },
      ],
    }),
  }) as unknown as Client
const BARE = {
  anthropicApiKey: undefined,
  anthropicBaseUrl: undefined,
  openaiApiKey: undefined,
  openaiBaseUrl: undefined,
  model: undefined,
  utilityModel: undefined,
}
const KEYED = { ...BARE, openaiApiKey: 'k', openaiBaseUrl: 'http://localhost:1', model: 'compatible:big' }

test('the models are those of the server that runs, whatever this shell would choose', async () => {
  const served = await readServedModel(serving('compatible:big', false))
  const [check, ...more] = await checkModels(BARE, served)
  expect(more).toEqual([])
  expect(check).toMatchObject({ status: 'ok', detail: expect.stringMatching(/^compatible:big, by .* choose offline/) })
})

test('a server that simulates is warned of, though this shell has a key', async () => {
  const [check] = await checkModels(KEYED, await readServedModel(serving('offline:default', true)))
  expect(check).toMatchObject({ status: 'warn', detail: expect.stringContaining('no language model runs there') })
})

test('without a server, or with one of the same model, the settings of this shell hold', async () => {
  const away = { models: () => Promise.reject(new ServerUnreachableError('http://server', 'none')) }
  const none = await readServedModel(away as unknown as Client)
  expect(none).toBeNull()
  expect(await checkModels(BARE, none)).toMatchObject([
    { status: 'warn', detail: expect.stringContaining('simulated') },
  ])
  const same = await readServedModel(serving('compatible:big', false))
  expect(await checkModels(KEYED, same)).toMatchObject([{ status: 'ok', detail: 'compatible:big' }])
})
