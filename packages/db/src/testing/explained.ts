import type pg from 'pg'
import { expect } from 'vitest'
import type { TestRecord } from './record-fixture.ts'

/** A node of a plan, with what it really visited. */
export type Node = Readonly<{
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Index Cond'?: string
  'Actual Rows'?: number
  'Actual Loops'?: number
  'Rows Removed by Filter'?: number
  'Rows Removed by Join Filter'?: number
  Plans?: readonly Node[]
  /** Whose plan it is of. */
  query?: string
}>

/**
 * One session of the engine that tells its plans. Functions are planned once a session, possibly on an empty table, and the plan
 * stays: on a grown one it has to look rows up by key. auto_explain tells every statement inside a function.
 */
export async function openExplained(
  record: TestRecord,
): Promise<{ pool: pg.Pool; plans(work: () => Promise<unknown>): Promise<Node[]> }> {
  const pool = record.open('owner', 1)
  const told: string[] = []
  pool.on('connect', (client) => client.on('notice', (notice) => told.push(notice.message ?? '')))
  await pool.query(`load 'auto_explain'`)
  await pool.query(`set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on; set auto_explain.log_analyze = on;
    set auto_explain.log_timing = off; set auto_explain.log_format = json; set auto_explain.log_level = notice; set client_min_messages = notice`)
  // As createPool has it for the engine.
  await pool.query(
    'set role flotilla_engine; set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set plan_cache_mode = force_generic_plan',
  )
  return {
    pool,
    plans: async (work) => {
      told.length = 0
      await work()
      return told.flatMap((text) => {
        const from = text.indexOf('{')
        if (from < 0) return []
        const { Plan, 'Query Text': query } = JSON.parse(text.slice(from)) as { 'Query Text': string; Plan: Node }
        return nodesOf(Plan).map((node) => ({ ...node, query }))
      })
    },
  }
}

const nodesOf = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** Rows that a node has looked at, over all its loops. */
export const visited = (node: Node): number =>
  (node['Actual Loops'] ?? 0) * ((node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0))

export const HOT: ReadonlySet<string> = new Set([
  'runs',
  'tasks',
  'events',
  'attempts',
  'outputs',
  'verdicts',
  'turns',
  'run_specs',
  'task_specs',
])

/** No join reads or sorts out more than what it was given keys of. */
export function expectLookups(nodes: readonly Node[], most: Readonly<Record<string, number>>): void {
  const all = nodes.filter((node) => HOT.has(node['Relation Name'] ?? '') && node['Node Type'] !== 'ModifyTable')
  expect(all.length).toBeGreaterThan(0)
  // A bitmap is of keys, too; the functions of the hot path do without.
  const hot = all.filter((node) => node['Node Type'] !== 'Bitmap Heap Scan')
  expect(
    hot.map((node) => node['Node Type']).filter((type) => type !== 'Index Scan' && type !== 'Index Only Scan'),
  ).toEqual([])
  expect(hot.filter((node) => node['Index Cond'] === undefined)).toEqual([])
  const joins = nodes.map((node) => node['Node Type']).filter((type) => type === 'Hash Join' || type === 'Merge Join')
  expect(joins).toEqual([])
  for (const [table, rows] of Object.entries(most)) {
    const far = all.filter((node) => node['Relation Name'] === table && visited(node) > rows)
    expect(far.map(describeVisit), `nodes that visited more than ${rows} rows of ${table}`).toEqual([])
  }
}

/** Which rows a node has looked at, and for what. */
export const describeVisit = (node: Node): string =>
  `${visited(node)} of ${node['Relation Name']} by ${node['Index Name'] ?? 'no index'}, ${node['Index Cond']}, in ${node.query}`
