import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { isEnglish } from './language.ts'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/handbook/${name}`, import.meta.url), 'utf8')

test.each(['leave-policy.md', 'espresso-machine.md', 'release-notes.md'])('%s reads as English', (name) => {
  expect(isEnglish(fixture(name))).toBe(true)
})

test.each([
  ['German', fixture('lieferbedingungen.md')],
  ['Japanese', '保存期間は七年です。例外は部門長が承認します。'],
  [
    'French',
    'Le contrat est conclu pour une durée indéterminée et peut être résilié par chacune des parties à tout moment.',
  ],
  [
    'Spanish',
    'El cliente puede devolver los productos en un plazo de treinta días sin indicar el motivo de la devolución.',
  ],
  ['figures', 'sku,stock,price\nA-1,4,2.50\nA-2,0,3.10\n'],
  ['nothing', ''],
])('%s does not', (_, text) => {
  expect(isEnglish(text)).toBe(false)
})
