import { Link } from '@tanstack/react-router'
import { useEffect, useRef, type ReactNode } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { Section } from '../parts/page.tsx'
import type { RunFilter } from '../runs/filter.ts'
import { useTheme } from '../shell/theme.ts'
import { seriesAt, stacked, type Pointed } from './plot-data.ts'
import { plotOptions } from './plot-options.ts'

export type Series = Readonly<{
  label: string
  /** A colour of the style sheet, by its name. */
  colour: string
  dash?: readonly number[] | undefined
  values: readonly (number | null)[]
  /** Its runs; left out where no list can be of them. */
  runs?: RunFilter | undefined
}>

export type ChartProps = Readonly<{
  title: string
  /** The figure of the whole time. */
  total: string
  /** What the figure is of, where that has to be told. */
  note?: string
  days: readonly string[]
  series: readonly Series[]
  text: (value: number) => string
  /** Amounts that add up: bars, one upon the other; else lines. */
  bars?: boolean
  /** Values are counted, so that no step of the axis is less than one. */
  whole?: boolean
  /** Values are shares: the axis goes to 100 %. */
  share?: boolean
  /** Beside the figure. */
  aside?: ReactNode
  /** A click on a day, and on a line where it is near one. */
  onPick: (day: string, series: Series | undefined) => void
}>

const HEIGHT_PX = 132

/** Figures by day; a click leads to the runs of the day. The tables beneath say the same to those who do not see it. */
export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const latest = useRef(props)
  const theme = useTheme()
  useEffect(() => {
    latest.current = props
  })
  const { title, total, note = '', days, series, bars = false } = props
  useEffect(() => {
    const element = place.current
    if (element === null) return undefined
    const plot = new UPlot(plotOptions(element.clientWidth, HEIGHT_PX, latest.current), dataOf(latest.current), element)
    plot.over.addEventListener('click', () => {
      const at = pointed(plot)
      const day = at === null ? undefined : days[at.idx]
      if (at !== null && day !== undefined) latest.current.onPick(day, seriesAt(series, bars, at))
    })
    const size = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }))
    size.observe(element)
    return () => {
      size.disconnect()
      plot.destroy()
    }
    // The theme decides the colours.
  }, [days, series, bars, theme])
  return (
    <Section
      title={title}
      aside={
        <span className="flex flex-wrap items-center gap-2">
          <span className="numeric">{total}</span>
          {props.aside}
        </span>
      }
    >
      <div
        ref={place}
        role="img"
        aria-label={`${title} by day: ${total} ${note}`}
        className="h-[132px] cursor-pointer"
      />
      <ul className="flex min-h-6 flex-wrap gap-x-3 px-3 pb-1.5 text-small text-muted">
        {note !== '' && <li className="w-full">{note}</li>}
        {series.length > 1 && series.map((one) => <LegendEntry key={one.label} series={one} bar={bars} />)}
      </ul>
    </Section>
  )
}

const LegendEntry = ({ series: { label, colour, dash, runs }, bar }: Readonly<{ series: Series; bar: boolean }>) => (
  <li className="flex min-w-0 items-center gap-1">
    <svg width="16" height="8" aria-hidden="true" className="shrink-0">
      {bar ? (
        <rect x="4" width="8" height="8" rx="2" style={{ fill: `var(--${colour})` }} />
      ) : (
        <line
          x2="16"
          y1="4"
          y2="4"
          strokeWidth="2"
          strokeDasharray={dash?.join(' ')}
          style={{ stroke: `var(--${colour})` }}
        />
      )}
    </svg>
    {runs === undefined ? (
      <span className="truncate">{label}</span>
    ) : (
      <Link to="/" search={runs} className="truncate underline decoration-edge underline-offset-2">
        {label}
      </Link>
    )}
  </li>
)

/** What the pointer is on. */
function pointed(plot: UPlot): Pointed | null {
  const { idx, top = 0 } = plot.cursor
  if (idx === null || idx === undefined) return null
  const value = plot.posToVal(top, 'y')
  return { idx, value, valuePerPx: Math.abs(plot.posToVal(top + 1, 'y') - value) }
}

/** Bars are drawn the tallest first, so that each hides the part of it that is of those below. */
function dataOf({ days, series, bars = false }: ChartProps): UPlot.AlignedData {
  const values = series.map((one) => [...one.values])
  return [days.map((day) => Date.parse(day) / 1_000), ...(bars ? stacked(values).toReversed() : values)]
}
