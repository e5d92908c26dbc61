import { expect, it } from 'vitest'
import { rankCommands, type Command } from './commands.ts'

const command = (label: string): Command => ({ id: label, label, hint: '', run: () => {} })
const commands = ['Go to runs', 'New run', 'Runs that failed', 'Change theme'].map(command)
const labels = (text: string) => rankCommands(commands, text).map(({ label }) => label)

it('keeps the order where nothing is typed', () => expect(labels(' ')).toEqual(commands.map(({ label }) => label)))
it('puts first what begins with the text', () =>
  expect(labels('run')).toEqual(['Runs that failed', 'New run', 'Go to runs']))
it('finds letters in their order', () => expect(labels('chth')).toEqual(['Change theme']))
it('leaves out what lacks a letter', () => expect(labels('xyz')).toEqual([]))

it('shows of what is many only what is searched, and not all of it', () => {
  const tasks = Array.from({ length: 80 }, (_, i) => ({ ...command(`Read ${i} · t${i}`), many: true as const }))
  expect(rankCommands([command('New run'), ...tasks], '').map(({ label }) => label)).toEqual(['New run'])
  expect(rankCommands([...tasks, command('Read on')], 'read')).toHaveLength(51)
  expect(rankCommands(tasks, 't79').map(({ label }) => label)).toEqual(['Read 79 · t79'])
})
