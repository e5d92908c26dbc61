import type { ShapeName } from './options.ts'

export type ShapeTask = Readonly<{ key: string; dependsOn: readonly string[] }>

const task = (key: string, ...dependsOn: string[]): ShapeTask => ({ key, dependsOn })
const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** In an order in which dependencies come first; the last task waits for all others. */
export const SHAPE_TASKS: Readonly<Record<ShapeName, readonly ShapeTask[]>> = {
  'diamond-10': [
    task('root'),
    ...numbers(4).map((i) => task(`a${i}`, 'root')),
    ...numbers(4).map((i) => task(`b${i}`, `a${i}`)),
    task('join', ...numbers(4).map((i) => `b${i}`)),
  ],
  'chain-10': numbers(10).map((i) => (i === 0 ? task('t0') : task(`t${i}`, `t${i - 1}`))),
  'fan-100': [
    task('split'),
    ...numbers(100).map((i) => task(`f${i}`, 'split')),
    task('join', ...numbers(100).map((i) => `f${i}`)),
  ],
}

/** What a task computes where data flows: 1 and what its dependencies have computed. */
export const valueOf = (inputs: readonly number[]): number => inputs.reduce((sum, n) => sum + n, 1)

/** What the last task of all computes, which proves the whole. */
export function expectedValue(tasks: readonly ShapeTask[]): number {
  const values = new Map<string, number>()
  let last = 0
  for (const { key, dependsOn } of tasks) {
    last = valueOf(dependsOn.map((name) => values.get(name) ?? Number.NaN))
    values.set(key, last)
  }
  return last
}
