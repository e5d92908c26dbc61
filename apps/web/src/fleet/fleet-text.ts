import type { FleetWorker } from '@flotilla/domain'
import { count, duration } from '../format/quantities.ts'
import type { Tone } from '../state/tones.ts'

/** Of a rate a minute: one digit where it is small. */
export function rateText(rate: number): string {
  if (rate === 0) return '0'
  if (rate < 0.1) return '< 0.1'
  return rate < 10 ? rate.toFixed(1) : count(Math.round(rate))
}

/** Whole seconds, and no more of them than a person can tell apart. */
export const secondsText = (seconds: number): string =>
  duration(Math.max(1, Math.round(seconds)) * 1_000).replace('.0 s', ' s')

export function workerState({ state, heardSecondsAgo }: FleetWorker): Readonly<{ text: string; tone: Tone }> {
  switch (state) {
    case 'working':
      return { text: 'at work', tone: 'active' }
    case 'idle':
      return { text: 'idle', tone: 'idle' }
    case 'draining':
      return { text: 'draining', tone: 'warn' }
    case 'silent':
      return { text: `not heard of for ${secondsText(heardSecondsAgo ?? 0)}`, tone: 'bad' }
  }
}

export const placesText = ({ tasks, places }: Pick<FleetWorker, 'tasks' | 'places'>): string =>
  places === null ? count(tasks) : `${count(tasks)} of ${count(places)}`

/** What places are for, as far as workers say it. */
export function placesFor(workers: readonly Pick<FleetWorker, 'places' | 'judgePlaces'>[]): string {
  const told = workers.filter(({ judgePlaces }) => judgePlaces !== null)
  const judging = told.reduce((sum, { judgePlaces }) => sum + (judgePlaces ?? 0), 0)
  const agents = told.reduce((sum, { places }) => sum + (places ?? 0), 0) - judging
  return [agents > 0 ? `${count(agents)} for agents` : '', judging > 0 ? `${count(judging)} for judging` : '']
    .filter((part) => part !== '')
    .join(', ')
}

/** What the chores of a fleet come to, by the name of each count. */
const CHORES: Readonly<Record<string, string>> = {
  recovered: 'tasks and runs taken over from lost workers',
  woken: 'ready tasks that no worker had noticed, and was told of again',
  knocks: 'reminders to workers that tasks wait for a free place',
  poisoned: 'tasks given up, since worker after worker was lost with them',
  unstarted: 'tasks that nobody began in time',
  plans: 'runs whose planning nobody had begun',
  finishes: 'runs whose result nobody had put together',
  learned: 'ended runs that were not yet in the agents’ statistics',
  recounted: 'counts of tasks under a role’s limit put right',
  expired: 'decisions that nobody made in time',
  outlived: 'waits for a model ended early, since it can be called',
  deadlines: 'runs that passed their deadline',
  released: 'calls of lost workers whose reserved budget was given back',
}

/** In the order above; what is unknown comes last under its own name. */
export function choreLines(
  done: Readonly<Record<string, number>>,
): Readonly<{ name: string; words: string; n: number }>[] {
  const order = Object.keys(CHORES)
  const place = (name: string): number => (order.includes(name) ? order.indexOf(name) : order.length)
  return Object.entries(done)
    .toSorted(([a], [b]) => place(a) - place(b))
    .map(([name, n]) => ({ name, words: CHORES[name] ?? name, n }))
}
