import { expect, it } from 'vitest'
import { checkNotNewer, checkServer } from './migrate.ts'

it('takes a server of the oldest version, and newer ones', () => {
  expect(() => checkServer(140_000)).not.toThrow()
  expect(() => checkServer(180_004)).not.toThrow()
})

it('refuses an older server with what was found, what is needed and what to do', () => {
  expect(() => checkServer(130_011)).toThrow(
    'the server of DATABASE_URL is PostgreSQL 13.11; expected 14 or newer. Upgrade it, or point DATABASE_URL at a newer one',
  )
})

it('refuses a database with migrations that this code does not know, and names them', () => {
  const state = {
    applied: ['0001_spine', '0002_more', '0003_most'],
    pending: [],
    unknown: ['0002_more', '0003_most'],
    usable: false,
  }
  expect(() => checkNotNewer(state)).toThrow(/newer than this version of Flotilla.*0002_more, 0003_most; run a newer/)
  expect(() => checkNotNewer({ ...state, unknown: [] })).not.toThrow()
})
