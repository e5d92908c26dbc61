import { useEffect, useRef } from 'react'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { Section } from '../parts/page.tsx'
import { useTheme } from '../shell/theme.ts'
import type { Tone } from '../state/tones.ts'

export type Series = Readonly<{ label: string; tone: Tone; values: readonly (number | null)[] }>

export type ChartProps = Readonly<{
  title: string
  /** The figure of the whole time. */
  total: string
  days: readonly string[]
  series: readonly Series[]
  text: (value: number) => string
  onDay: (day: string) => void
}>

const HEIGHT_PX = 132

/** Figures by day; a click leads to the day's runs. The table beneath says the same to those who do not see it. */
export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const latest = useRef(props)
  const theme = useTheme()
  useEffect(() => {
    latest.current = props
  })
  const { title, total, days, series } = props
  useEffect(() => {
    const element = place.current
    if (element === null) return undefined
    const plot = new UPlot(optionsOf(element.clientWidth, latest.current), dataOf(days, series), element)
    plot.over.addEventListener('click', () => {
      const day = latest.current.days[plot.cursor.idx ?? -1]
      if (day !== undefined) latest.current.onDay(day)
    })
    const size = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }))
    size.observe(element)
    return () => {
      size.disconnect()
      plot.destroy()
    }
    // The theme decides the colours.
  }, [days, series, theme])
  return (
    <Section title={title} aside={<span className="numeric">{total}</span>}>
      <div ref={place} role="img" aria-label={`${title} by day: ${total}`} className="h-[132px] cursor-pointer" />
      <ul className="flex min-h-6 flex-wrap gap-x-3 px-3 pb-1.5 text-small text-muted">
        {series.length > 1 &&
          series.map(({ label, tone }) => (
            <li key={label} className="flex items-center gap-1">
              <svg width="8" height="8" aria-hidden="true">
                <rect width="8" height="8" rx="2" style={{ fill: `var(--${tone})` }} />
              </svg>
              {label}
            </li>
          ))}
      </ul>
    </Section>
  )
}

const dataOf = (days: readonly string[], series: readonly Series[]): UPlot.AlignedData => [
  days.map((day) => Date.parse(day) / 1_000),
  ...series.map(({ values }) => [...values]),
]

function optionsOf(width: number, { series, text }: ChartProps): UPlot.Options {
  const styles = getComputedStyle(document.documentElement)
  const colour = (name: string): string => styles.getPropertyValue(`--${name}`).trim()
  const axis = {
    stroke: colour('muted'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { show: false },
    font: '11px sans-serif',
  }
  return {
    width,
    height: HEIGHT_PX,
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1_000), 'UTC'),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.1 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, size: 26, values: (_plot, ticks) => ticks.map(dayText) },
      { ...axis, size: 62, values: (_plot, ticks) => ticks.map(text) },
    ],
    series: [
      {},
      ...series.map(({ label, tone }) => ({
        label,
        stroke: colour(tone),
        width: 1.5,
        spanGaps: true,
        points: { show: true, size: 4, fill: colour(tone) },
      })),
    ],
  }
}

const dayOf = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const dayText = (seconds: number): string => (seconds % 86_400 === 0 ? dayOf.format(new Date(seconds * 1_000)) : '')
