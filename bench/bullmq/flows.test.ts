import { describe, expect, it, test } from 'vitest'
import { SHAPES } from '../options.ts'
import { SHAPE_TASKS } from '../shapes.ts'
import { firstFlow, flowOf } from './flows.ts'

type Node = { name: string; children?: Node[] }
const names = ({ name, children = [] }: Node): string[] => [name, ...children.flatMap(names)]

test('a chain is one flow, last task first', () => {
  const flow = firstFlow('chain-10', 'r1')
  expect(names(flow as Node)).toEqual(['t9', 't8', 't7', 't6', 't5', 't4', 't3', 't2', 't1', 't0'])
  expect(flow.data).toEqual({ run: 'r1', shape: 'chain-10', inputs: [], waits: true, spreads: false, last: true })
})

test('a task that several wait for runs alone and then spreads', () => {
  expect(firstFlow('fan-100', 'r1')).toEqual({
    name: 'split',
    queueName: 'bench',
    data: { run: 'r1', shape: 'fan-100', inputs: [], waits: false, spreads: true, last: false },
  })
})

test('what is known is handed on as an input', () => {
  const flow = flowOf('diamond-10', 'r1', new Map([['root', 1]])) as Node & {
    children: { children: { data: unknown }[] }[]
  }
  expect(flow.children[0]?.children[0]?.data).toMatchObject({ inputs: [1], waits: false })
})

describe('every task of a shape becomes one job', () => {
  it.each(SHAPES)('of %s', (shape) => {
    const first = firstFlow(shape, 'r1')
    const { spreads } = first.data as { spreads: boolean }
    const rest = spreads ? names(flowOf(shape, 'r1', new Map([[first.name, 1]]))) : []
    const all = [...names(first), ...rest]
    expect(all.toSorted()).toEqual(SHAPE_TASKS[shape].map(({ key }) => key).toSorted())
  })
})
