import { Link } from '@tanstack/react-router'
import { readRunFilter, withLabel } from './filter.ts'

/** A run's labels, each of which leads to the list of runs that have it; a list that it stands in keeps its filters. */
export const LabelLinks = ({ labels }: Readonly<{ labels: Readonly<Record<string, string>> }>) =>
  Object.entries(labels).map(([key, value]) => (
    <Link
      key={key}
      to="/"
      search={(before) => withLabel(readRunFilter(before), `${key}:${value}`)}
      className="relative z-10 max-w-full truncate underline decoration-dotted underline-offset-2 hover:text-ink hover:decoration-solid"
      title={`${key}:${value}`}
      aria-label={`Runs with the label ${key}:${value}`}
    >
      {key}:{value}
    </Link>
  ))
