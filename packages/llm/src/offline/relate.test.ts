import { describe, expect, test } from 'vitest'
import { statementsIn } from './offline.test-support.ts'
import { quantitiesIn } from './quantities.ts'
import { rarityOf } from './rank.ts'
import { comparables, isNormative, negatedStems, relate } from './relate.ts'

describe('figures', () => {
  const shown = (text: string) => quantitiesIn(text).map(({ value, unit }) => `${value} ${unit}`)

  test.each([
    ['kept for 30 days', ['2592000 s']],
    ['within five working days', ['432000 s']],
    ['60 minutes or 1 hour', ['3600 s', '3600 s']],
    ['300 ms, 5s', ['0.3 s', '5 s']],
    ['at most 512 KB', ['524288 bytes']],
    ['41,000 jobs per second', ['41000 job']],
    ['fell by 60 percent, then 7%', ['60 %', '7 %']],
    ['costs $1,200.50', ['1200.5 usd']],
    ['bake at 180 °C', ['180 °C']],
    ['until 31 March, at 02:14', ['331 date', '134 clock']],
    ['one of them took one second', ['1 s']],
  ])('%s', (text, expected) => expect(shown(text)).toEqual(expected))

  test('years, versions, sections and ordinals count nothing', () => {
    expect(shown('In 2026, version 4.2.1, chapter 14, the 3rd draft, section 2.1, 2026-03-01')).toEqual([])
  })
})

describe('denials', () => {
  test('reach the verb after "not" and the noun after "no"', () => {
    expect([...negatedStems('It does not lose any job')]).toEqual(['los'])
    expect([...negatedStems('It lost no acknowledged job, but time')]).toEqual(['acknowledg', 'job'])
    expect([...negatedStems('It fails over within 5 seconds')]).toEqual([])
    expect([...negatedStems('It failed to start')]).toEqual(['begin'])
  })

  test('what should be is not what is', () => {
    expect(isNormative('Jobs must be kept.')).toBe(true)
    expect(isNormative('Jobs are kept.')).toBe(false)
  })

  test('what something is done with belongs to it, what it is compared with does not', () => {
    const about = (text: string) =>
      statementsIn({ 'a.md': text }).flatMap((one) =>
        comparables(one, new Set()).flatMap((clause) => [...clause.about]),
      )
    expect(about('It encrypts with a key that the customer holds.')).toContain('customer')
    expect(about('We moved to a system that does not lose jobs.')).not.toContain('job')
  })
})

describe('two statements on one thing', () => {
  const relation = (a: string, b: string, names: string[] = []) => {
    const statements = statementsIn({
      'a.md': a,
      'b.md': b,
      'c.md': 'Other words stand here. Many things are said elsewhere. Rain falls on hills.',
    })
    const [left, right] = ['a.md', 'b.md'].map((name) =>
      statements.filter(({ document }) => document === name).flatMap((s) => comparables(s, new Set(names))),
    )
    const found = (left ?? [])
      .flatMap((x) => (right ?? []).map((y) => relate(x, y, rarityOf(statements))))
      .filter((one) => one !== null)
    return found.find(({ kind }) => kind === 'conflict') ?? found[0] ?? null
  }

  test.each([
    [
      'Employees get 25 days of annual leave.',
      'All employees have 28 days of annual leave.',
      '25 days against 28 days',
    ],
    [
      'Bake the cake at 180 °C for 45 minutes.',
      'Bake the cake at 200 °C for 25 minutes.',
      '180 °C, 45 minutes against 200 °C, 25 minutes',
    ],
    [
      'Leave can be carried over until 31 March.',
      'Unused leave can be carried over until 30 June.',
      '31 March against 30 June',
    ],
    [
      'Working from abroad is not permitted.',
      'Working from abroad is permitted for 20 days.',
      'one denies what the other says',
    ],
    [
      'The period does not depend on the mass.',
      'The period depends on the mass of the bob.',
      'one denies what the other says',
    ],
    ['Jobs are delivered exactly once.', 'Jobs are delivered at least once.', '"at least once" against "exactly once"'],
    [
      'A job is acknowledged before the flush to disk.',
      'A job is acknowledged only after the flush to disk.',
      '"after" against "before"',
    ],
    [
      'At most 1 minute of transactions is lost.',
      'The worst try lost 70 seconds of transactions.',
      '1 minute against 70 seconds',
    ],
    ['Rooms are refunded up to 140 euros.', 'Rooms are refunded up to 95 euros.', '140 euros against 95 euros'],
  ])('%s / %s', (a, b, why) => expect(relation(a, b)).toMatchObject({ kind: 'conflict', why }))

  test.each([
    ['History is kept for one hour.', 'History is kept for 60 minutes.'],
    ['No acknowledged job was lost.', 'It never loses an acknowledged job.'],
    ['Jobs are kept for 7 days; failover takes 5 seconds.', 'A failover takes 5 seconds.'],
    ['Support for an HSM is not planned.', 'There is no support for an HSM.'],
    ['At most 1 minute of transactions is lost.', 'The worst try lost 55 seconds of transactions.'],
    ['History is kept for at least 30 days.', 'History is kept for 40 days.'],
  ])('agree: %s / %s', (a, b) => expect(relation(a, b)?.kind).not.toBe('conflict'))

  test.each([
    ['A job must never be lost.', 'A job is lost in every power cut.'],
    ['The kitchen opens at 8:00.', 'Trains leave for the coast at 9:30.'],
  ])('are not compared: %s / %s', (a, b) => expect(relation(a, b)).toBeNull())
})
