import { COMPONENTS, type ErrorStats } from '@flotilla/domain'
import type { RunChoice } from '../runs/filter.ts'
import type { Series } from './chart.tsx'
import type { CsvCell } from './csv.ts'
import { daysOf, fillDays } from './days.ts'
import { lookOf, TOP } from './series-looks.ts'

/** A line for each component that had most errors, and one for the others; each leads to the runs that had one of them. */
export function errorSeries(stats: ErrorStats, choice: RunChoice): Series[] {
  const of = COMPONENTS.map((component) => ({
    component,
    items: stats.items.filter((item) => item.component === component),
  })).filter(({ items }) => items.length > 0)
  const most = of.toSorted((a, b) => sum(b.items) - sum(a.items))
  const own = most.slice(0, TOP).map(({ component, items }) => ({ label: component as string, items }))
  const others = most.slice(TOP).flatMap(({ items }) => items)
  return [...own, ...(others.length === 0 ? [] : [{ label: 'others', items: others }])].map(({ label, items }, i) => ({
    label,
    ...lookOf(i, i === TOP),
    values: valuesOf(stats, items),
    runs: { ...choice, error: [...new Set(items.map(({ code }) => code))].join(',') },
  }))
}

const sum = (items: ErrorStats['items']): number => items.reduce((total, { errors }) => total + errors, 0)

function valuesOf(stats: ErrorStats, items: ErrorStats['items']): number[] {
  const days = daysOf(stats)
  const lines = items.map((item) => fillDays(days, item.days, { errors: 0 }))
  return days.map((_, i) => lines.reduce((total, line) => total + (line[i]?.errors ?? 0), 0))
}

/** Day, component, error, name and how many. */
export const errorRows = ({ items }: ErrorStats): CsvCell[][] =>
  items
    .flatMap(({ component, code, name, days }) => days.map(({ day, errors }) => [day, component, code, name, errors]))
    .toSorted((a, b) => String(a[0]).localeCompare(String(b[0])))
