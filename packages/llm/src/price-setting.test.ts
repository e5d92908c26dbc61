import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readPriceSetting } from './price-setting.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'prices-'))
})
afterAll(() => rmSync(root, { recursive: true }))

const PRICES = { 'compatible:mine': { input: 1, cachedInput: 0.1, cacheWrite: 1, output: 2 } }

it('reads JSON, or a file of it', () => {
  writeFileSync(path.join(root, 'own.json'), JSON.stringify(PRICES))
  const read = { ok: true, value: PRICES }
  expect(readPriceSetting(JSON.stringify(PRICES), root)).toEqual(read)
  expect(readPriceSetting('own.json', root)).toEqual(read)
  expect(readPriceSetting(path.join(root, 'own.json'), '/')).toEqual(read)
})

it.each([
  ['{"a": 1', /^is not JSON: /],
  ['[1]', /^is refused: the price table is not valid/],
  ['{"a:b": {"input": -1, "cachedInput": 0, "cacheWrite": 0, "output": 0}}', /^is refused: .*a:b\.input: .*found -1/],
  ['{"a:b": {"input": 1}}', /a:b\.output.*give each model input, cachedInput/],
  ['[]', /found a list/],
  [
    '{"big": {"input": 1, "cachedInput": 0, "cacheWrite": 0, "output": 0}}',
    /big: names no model: expected provider:model/,
  ],
  ['missing.json', /^names a file that cannot be read: \/.*\/missing\.json \(ENOENT\); expected JSON, or such a file$/],
])('says what is wrong with %s', (setting, message) => {
  expect(readPriceSetting(setting, root)).toEqual({ ok: false, message: expect.stringMatching(message) })
})

it('names the file that is wrong', () => {
  writeFileSync(path.join(root, 'bad.json'), '{')
  expect(readPriceSetting('bad.json', root)).toMatchObject({
    message: expect.stringMatching(/^is not JSON, in \/.*bad\.json: /),
  })
})
