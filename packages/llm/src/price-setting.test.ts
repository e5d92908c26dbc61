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
  ['[1]', /^is refused: expected an object of prices by model, found a list: give input/],
  ['5', /^is refused: expected an object of prices by model, found 5: give input/],
  [
    '{"compatible:big": {"input": 1, "cacheWrite": 0, "output": 0}}',
    /^is refused: "compatible:big" lacks cachedInput: give input, cachedInput, cacheWrite and output, in US dollars per million tokens$/,
  ],
  ['{"a:b": {"input": 1}}', /"a:b" names no model/],
  [
    '{"openai:b": {"input": -1, "cachedInput": 0, "cacheWrite": 0, "output": "0"}}',
    /^is refused: "openai:b" input: expected US dollars .*, found -1; "openai:b" output: .*, found "0": give/,
  ],
  ['{"openai:b": {"input": 1}}', /"openai:b" lacks cachedInput, cacheWrite, output: give/],
  ['{"openai:b": 5}', /"openai:b" is 5, and no object: give/],
  [
    '{"openai:b": {"input": 1, "cachedInput": 0, "cacheWrite": 0, "output": 0, "cached": 1}}',
    /"openai:b" has an unknown field "cached": give/,
  ],
  [
    '{"openai:b": {"input": 1, "cachedInput": 0, "cacheWrite": 0, "output": 0, "longPrompt": {"aboveInputTokens": 0, "input": 1, "cachedInput": 0, "cacheWrite": 0}}}',
    /"openai:b" longPrompt lacks output; "openai:b" longPrompt aboveInputTokens: expected a whole number of tokens from 1 on, found 0/,
  ],
  [
    '{"big": {"input": 1, "cachedInput": 0, "cacheWrite": 0, "output": 0}}',
    /"big" names no model: expected provider:model/,
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
