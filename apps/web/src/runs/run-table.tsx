import type { RunSummary } from '@flotilla/client'
import { isTerminalRun } from '@flotilla/domain'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, type RefObject } from 'react'
import { useNow } from '../state/clock.ts'
import { useNarrow } from '../state/room.ts'
import { RunRow } from './run-row.tsx'
import { TableGap } from '../parts/table-gap.tsx'

const ROW_PX = 48
/** Before it is measured: a goal of one line, and two lines of facts. */
const NARROW_ROW_PX = 74
const CLOCK_MS = 1_000

export type RunTableProps = Readonly<{ runs: readonly RunSummary[]; more: boolean; onEnd: () => void }>

const scrollPlace = (): HTMLElement | null => document.querySelector('#content')

/** Only the rows in sight are there; two empty ones stand for those above and below. */
export function RunTable({ runs, more, onEnd }: RunTableProps) {
  const now = useNow(runs.some(({ status }) => !isTerminalRun(status)) ? CLOCK_MS : CLOCK_MS * 10)
  const table = useRef<HTMLTableElement>(null)
  const narrow = useNarrow('lg')
  const columns = narrow ? 1 : 7
  const virtual = useVirtualizer({
    count: runs.length,
    getScrollElement: scrollPlace,
    estimateSize: () => (narrow ? NARROW_ROW_PX : ROW_PX),
    overscan: 12,
    getItemKey: (i) => runs[i]?.id ?? i,
  })
  useEffect(() => virtual.measure(), [virtual, narrow])
  useFirstRow(table)
  const rows = virtual.getVirtualItems()
  const last = rows.at(-1)
  useEffect(() => {
    if (last !== undefined && last.index >= runs.length - 30) onEnd()
  }, [last, runs.length, onEnd])
  return (
    <div className="panel overflow-hidden">
      <table ref={table} className="w-full table-fixed border-collapse" aria-rowcount={more ? -1 : runs.length + 1}>
        {narrow ? <NarrowHead /> : <Head />}
        <tbody onKeyDown={moveFocus}>
          <TableGap columns={columns} px={rows[0]?.start ?? 0} />
          {rows.map(({ index }) => {
            const run = runs[index]
            return run === undefined ? null : (
              <RunRow key={run.id} run={run} now={now} index={index} narrow={narrow} measure={virtual.measureElement} />
            )
          })}
          <TableGap columns={columns} px={virtual.getTotalSize() - (last?.end ?? 0)} />
        </tbody>
      </table>
    </div>
  )
}

const Head = () => (
  <thead className="border-b border-line text-small text-muted">
    <tr>
      <th scope="col" className="w-36 px-3 py-1.5">
        State
      </th>
      <th scope="col" className="px-2">
        Goal
      </th>
      <th scope="col" className="w-36 px-2">
        Tasks
      </th>
      <th scope="col" className="w-24 px-2 text-end">
        Quality
      </th>
      <th scope="col" className="w-20 px-2 text-end">
        Cost
      </th>
      <th scope="col" className="w-24 px-2 text-end">
        Duration
      </th>
      <th scope="col" className="w-24 px-3 text-end">
        Created
      </th>
    </tr>
  </thead>
)

const NarrowHead = () => (
  <thead className="sr-only">
    <tr>
      <th scope="col">Run</th>
    </tr>
  </thead>
)

const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }
const stepOf = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent | React.KeyboardEvent): number | undefined =>
  ctrlKey || metaKey || altKey ? undefined : STEPS[key]

/** Where nothing on the page has the focus, the keys that go from run to run begin at the first one in sight. */
function useFirstRow(table: RefObject<HTMLTableElement | null>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || stepOf(event) === undefined) return
      if (event.target !== document.body && event.target !== scrollPlace()) return
      if (document.querySelector('dialog[open]') !== null) return
      const top = scrollPlace()?.getBoundingClientRect().top ?? 0
      const links = [...(table.current?.querySelectorAll<HTMLAnchorElement>('a[data-run]') ?? [])]
      const first = links.find((link) => link.getBoundingClientRect().top >= top)
      if (first === undefined) return
      event.preventDefault()
      first.focus()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [table])
}

/** The arrow keys, and j and k, go from run to run. */
function moveFocus(event: React.KeyboardEvent<HTMLTableSectionElement>): void {
  const step = stepOf(event)
  if (step === undefined) return
  const links = [...event.currentTarget.querySelectorAll<HTMLAnchorElement>('a[data-run]')]
  const own = (event.target as Element).closest('tr')?.querySelector<HTMLAnchorElement>('a[data-run]')
  const next = own == null ? undefined : links[links.indexOf(own) + step]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
  next.scrollIntoView({ block: 'nearest' })
}
