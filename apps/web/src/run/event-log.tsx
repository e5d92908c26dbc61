import type { RunEvent } from '@flotilla/domain'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useRef, useState } from 'react'
import { plural } from '../format/quantities.ts'
import { clockTime } from '../format/times.ts'
import { useNarrow } from '../state/room.ts'
import { eventText } from './event-text.ts'
import type { RunViewProps } from './run-page.tsx'

const KINDS = ['run', 'task', 'budget', 'approval'] as const
const ROW_PX = 28
const NARROW_ROW_PX = 48

/** The log, newest first, as far as it matches. */
export default function EventLog({ live }: RunViewProps) {
  const [kind, setKind] = useState('')
  const [text, setText] = useState('')
  const [chosen, setChosen] = useState<RunEvent | null>(null)
  const { events } = live.fold
  const shown = useMemo(() => {
    const wanted = text.trim().toLowerCase()
    return events
      .filter((event) => kind === '' || event.type.startsWith(`${kind}.`))
      .filter(
        (event) =>
          wanted === '' || `${event.type} ${event.taskKey ?? ''} ${eventText(event)}`.toLowerCase().includes(wanted),
      )
      .toReversed()
  }, [events, kind, text])
  return (
    <div className="flex flex-col gap-2">
      <search className="flex flex-wrap items-center gap-2">
        <select aria-label="Kind" className="control" value={kind} onChange={(event) => setKind(event.target.value)}>
          <option value="">Every kind</option>
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {one}.*
            </option>
          ))}
        </select>
        <input
          type="search"
          aria-label="Find in events"
          placeholder="Find in events"
          className="control w-56 placeholder:text-muted"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <span className="text-muted">
          {plural(shown.length, 'event')}
          {shown.length === events.length ? '' : ` of ${events.length}`}
        </span>
      </search>
      <EventRows events={shown} chosen={chosen} onChoose={setChosen} />
      {chosen !== null && (
        <pre
          key={chosen.seq}
          ref={(detail) => detail?.scrollIntoView({ block: 'nearest' })}
          tabIndex={0}
          aria-label={`Event ${chosen.seq}`}
          className="panel max-h-64 overflow-auto p-3 max-md:whitespace-pre-wrap max-md:[overflow-wrap:anywhere]"
        >
          {JSON.stringify(chosen, null, 2)}
        </pre>
      )}
    </div>
  )
}

type EventRowsProps = Readonly<{
  events: readonly RunEvent[]
  chosen: RunEvent | null
  onChoose: (event: RunEvent | null) => void
}>

function EventRows({ events, chosen, onChoose }: EventRowsProps) {
  const place = useRef<HTMLDivElement>(null)
  const narrow = useNarrow('md')
  const rowPx = narrow ? NARROW_ROW_PX : ROW_PX
  const virtual = useVirtualizer({
    count: events.length,
    getScrollElement: () => place.current,
    estimateSize: () => rowPx,
    overscan: 20,
    getItemKey: (i) => events[i]?.seq ?? i,
  })
  useEffect(() => virtual.measure(), [virtual, rowPx])
  return (
    <div ref={place} className="panel h-[max(300px,calc(100vh-380px))] overflow-auto" tabIndex={0} aria-label="Events">
      <ol className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const event = events[index]
          if (event === undefined) return null
          return (
            <li key={event.seq} className="absolute inset-x-0" style={{ top: start, height: rowPx }}>
              <button
                type="button"
                aria-pressed={event.seq === chosen?.seq}
                onClick={() => onChoose(event.seq === chosen?.seq ? null : event)}
                className="h-full w-full border-b border-line px-3 text-start hover:bg-raised aria-pressed:bg-raised"
              >
                {narrow ? <NarrowEvent event={event} /> : <WideEvent event={event} />}
              </button>
            </li>
          )
        })}
      </ol>
    </div>
  )
}

type EventProps = Readonly<{ event: RunEvent }>

const WideEvent = ({ event }: EventProps) => (
  <span className="flex items-center gap-3">
    <span className="numeric w-12 shrink-0 text-end text-muted">{event.seq}</span>
    <time className="numeric shrink-0 text-muted">{clockTime(event.at)}</time>
    <code className="w-36 shrink-0">{event.type}</code>
    <span className="w-44 shrink-0 truncate">{event.taskKey}</span>
    <span className="truncate text-muted">{eventText(event)}</span>
  </span>
)

/** On two lines; what does not fit on the second is shown with the event, once it is chosen. */
const NarrowEvent = ({ event }: EventProps) => (
  <>
    <span className="flex justify-between gap-2">
      <code>{event.type}</code>
      <span className="numeric text-small text-muted">
        {event.seq} · <time>{clockTime(event.at)}</time>
      </span>
    </span>
    <span className="block truncate text-small text-muted">
      {[event.taskKey, eventText(event)].filter((part) => part !== undefined && part !== '').join(' · ')}
    </span>
  </>
)
