import { expect, it } from 'vitest'
import { closestName, editDistance, missingRoleText } from './closest-name.ts'

const ROLES = ['analyst', 'developer', 'qa', 'researcher', 'reviewer', 'writer']

it.each([
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['same', 'same', 0],
])('%j is so far from %j', (a, b, edits) => expect(editDistance(a, b)).toBe(edits))

it.each([
  ['resercher', 'researcher'],
  ['writter', 'writer'],
  ['reviewr', 'reviewer'],
  ['qq', 'qa'],
  ['painter', null],
  ['writer', null],
])('%j may mean %j', (name, meant) => expect(closestName(name, ROLES)).toBe(meant))

it('says what comes of a role without an agent', () => {
  expect(missingRoleText('resercher', ROLES)).toBe(
    'no agent has the role "resercher": one will be drafted, unless you meant "researcher"',
  )
  expect(missingRoleText('painter', ROLES)).toBe('no agent has the role "painter": one will be drafted')
})
