import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { parseConfig } from '../config.ts'
import { checkBaseUrls, checkOwnPrices } from './providers.ts'

const modelsOf = (environment: Record<string, string>) => parseConfig(environment, '/work').config

test('a base URL fails where nobody answers, and not where anything is answered', async () => {
  const server = createServer((_, response) => void response.writeHead(404).end('none'))
  onTestFinished(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { models } = modelsOf({ OPENAI_BASE_URL: url })
  expect(await checkBaseUrls(models)).toEqual([])
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  expect(await checkBaseUrls(models)).toMatchObject([
    { name: 'Provider', status: 'fail', detail: expect.stringMatching(/^OPENAI_BASE_URL is .* \(ECONNREFUSED\)$/) },
  ])
})

test('without a server, models without a price fail where they are refused, and warn where they are not', async () => {
  const base = { OPENAI_BASE_URL: 'http://localhost:1', FLOTILLA_MODEL: 'compatible:big' }
  const of = (rule: string) => modelsOf({ ...base, FLOTILLA_UNKNOWN_PRICE: rule })
  expect(await checkOwnPrices(of('refuse'), null)).toMatchObject([{ name: 'Prices', status: 'fail' }])
  expect(await checkOwnPrices(of('most_expensive'), null)).toMatchObject([{ name: 'Prices', status: 'warn' }])
  expect(await checkOwnPrices(of('refuse'), { model: 'compatible:big', simulated: false })).toEqual([])
})
