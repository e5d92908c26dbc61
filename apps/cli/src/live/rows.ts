import type { LiveState, TaskLine } from './state.ts'

/** What one row of the graph shows. A fold stands for tasks that have a row of their own only where there is room. */
export type Row =
  | Readonly<{ kind: 'task'; task: TaskLine; depth: number }>
  | Readonly<{ kind: 'reason'; text: string; depth: number }>
  | Readonly<{ kind: 'fold'; depth: number; group: Group; count: number }>
  | Readonly<{ kind: 'rest'; counts: ReadonlyMap<Group, number> }>

export type Group = 'failed' | 'running' | 'waiting' | 'done' | 'skipped'

export function groupOf({ status }: TaskLine): Group {
  switch (status) {
    case 'failed':
      return 'failed'
    case 'in_progress':
    case 'verifying':
    case 'revising':
    case 'awaiting_approval':
      return 'running'
    case 'pending':
    case 'ready':
      return 'waiting'
    case 'completed':
      return 'done'
    case 'skipped':
    case 'cancelled':
      return 'skipped'
  }
}

/**
 * The rows of the graph within `room`: all tasks; else with neighbours that are done or wait folded into one row; else what
 * matters most, failures before what runs before what waits, and one row for the rest.
 */
export function chooseRows(state: LiveState, room: number): Row[] {
  if (room <= 0) return []
  const items = state.order.flatMap(({ key, depth }) => {
    const task = state.tasks.get(key)
    return task === undefined ? [] : [{ task, depth, group: groupOf(task) }]
  })
  // A failure's reason takes a row more, so this is a lower bound that spares building the rows of a large graph.
  if (items.length <= room) {
    const all = items.flatMap(rowsOf)
    if (all.length <= room) return all
  }
  const folded = fold(items)
  return folded.length <= room ? folded : mostImportant(items, room)
}

type Item = Readonly<{ task: TaskLine; depth: number; group: Group }>

function rowsOf({ task, depth, group }: Item): Row[] {
  const row: Row = { kind: 'task', task, depth }
  return group === 'failed' && task.reason !== null ? [row, { kind: 'reason', text: task.reason, depth }] : [row]
}

const FOLDED: ReadonlySet<Group> = new Set<Group>(['done', 'waiting', 'skipped'])

function fold(items: readonly Item[]): Row[] {
  const rows: Row[] = []
  for (let i = 0; i < items.length;) {
    const first = items[i]
    if (first === undefined) break
    let end = i + 1
    while (FOLDED.has(first.group) && items[end]?.group === first.group) end += 1
    if (end - i > 1) rows.push({ kind: 'fold', depth: first.depth, group: first.group, count: end - i })
    else rows.push(...rowsOf(first))
    i = end
  }
  return rows
}

const RANK: Readonly<Record<Group, number>> = { failed: 0, running: 1, waiting: 2, done: 3, skipped: 4 }

function mostImportant(items: readonly Item[], room: number): Row[] {
  const places = items.map((item, place) => ({ item, place }))
  const ranked = places.toSorted(
    (a, b) => RANK[a.item.group] - RANK[b.item.group] || recency(b) - recency(a) || a.place - b.place,
  )
  const kept = new Set<number>()
  let used = 1
  for (const { item, place } of ranked) {
    used += rowsOf(item).length
    if (used > room) break
    kept.add(place)
  }
  const counts = new Map<Group, number>()
  for (const { item, place } of places) if (!kept.has(place)) counts.set(item.group, (counts.get(item.group) ?? 0) + 1)
  return [
    ...places.filter(({ place }) => kept.has(place)).flatMap(({ item }) => rowsOf(item)),
    { kind: 'rest', counts },
  ]
}

/** Of what is done, the latest is the most telling; all else keeps its order. */
const recency = ({ item }: { item: Item }): number => (item.group === 'done' ? (item.task.finishedAt ?? 0) : 0)
