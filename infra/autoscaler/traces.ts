import type { Task } from './fleet.ts'
import type { Trace } from './simulate.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE

/** Numbers in [0, 1) that look random and are the same every time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

type Shape = Readonly<{ calls: number; shortest: number; longest: number; pausable?: boolean }>

function taskOf({ calls, shortest, longest, pausable = false }: Shape, random: () => number): Task {
  const seconds = (): number => Math.round(shortest + random() * (longest - shortest))
  return { calls: Array.from({ length: calls }, seconds), recorded: 0, completions: 0, handedBackAt: null, pausable }
}

const tasksOf = (count: number, shape: Shape, random: () => number): Task[] =>
  Array.from({ length: count }, () => taskOf(shape, random))

/** `perSecond` on average; what is left of a second's share is drawn. */
const drawn = (perSecond: number, random: () => number): number =>
  Math.floor(perSecond) + (random() < perSecond % 1 ? 1 : 0)

/** 10,000 tasks at once. */
export function burst(): Trace {
  const random = seeded(1)
  const shape = { calls: 2, shortest: 10, longest: 50 }
  return {
    name: 'burst',
    title: '10,000 tasks at once',
    seconds: HOUR,
    arrivals: (now) => (now === 2 * MINUTE ? tasksOf(10_000, shape, random) : []),
  }
}

/** A day, three times as fast as the real one, with noise of ±40 % by the minute. */
export function day(): Trace {
  const random = seeded(2)
  const length = 8 * HOUR
  const shape = { calls: 1, shortest: 30, longest: 150 }
  let noise = 1
  return {
    name: 'day',
    title: 'A day in 8 hours, ±40 % from minute to minute',
    seconds: length + HOUR,
    arrivals: (now) => {
      if (now >= length) return []
      if (now % MINUTE === 0) noise = 0.6 + 0.8 * random()
      const wave = (1 - Math.cos((2 * Math.PI * now) / length)) / 2
      return tasksOf(drawn((0.3 + 12 * wave) * noise, random), shape, random)
    },
  }
}

/** The provider answers 429 for 4 minutes, and later for 12: nothing is due meanwhile. */
export function closedLane(): Trace {
  const random = seeded(3)
  const shape = { calls: 2, shortest: 20, longest: 60 }
  const closed = (now: number): boolean =>
    (now >= 30 * MINUTE && now < 34 * MINUTE) || (now >= 60 * MINUTE && now < 72 * MINUTE)
  return {
    name: 'closed-lane',
    title: 'The lane to the provider is closed for 4 and for 12 minutes',
    seconds: 2.5 * HOUR,
    arrivals: (now) => (now < 100 * MINUTE ? tasksOf(drawn(8, random), shape, random) : []),
    weather: (now) => ({ laneOpen: !closed(now), paused: false }),
  }
}

/** Calls of up to 10 minutes, four a task; the load ends while they go on, so pods are taken away in the middle of calls. */
export function longCalls(): Trace {
  const random = seeded(4)
  const long = { calls: 4, shortest: 5 * MINUTE, longest: 10 * MINUTE }
  const short = { calls: 1, shortest: 20, longest: 60 }
  return {
    name: 'long-calls',
    title: 'Scale-in during calls of 5 to 10 minutes',
    seconds: 3 * HOUR,
    arrivals: (now) => {
      if (now === 5 * MINUTE) return tasksOf(1_200, short, random)
      return now > 5 * MINUTE && now < 30 * MINUTE ? tasksOf(drawn(0.4, random), long, random) : []
    },
  }
}

/** A run with most of the work is paused for half an hour. */
export function pausedRun(): Trace {
  const random = seeded(5)
  const other = { calls: 1, shortest: 30, longest: 90 }
  const run = { calls: 6, shortest: 60, longest: 180, pausable: true }
  return {
    name: 'paused-run',
    title: 'A run of 1,200 tasks is paused for 30 minutes',
    seconds: 2.5 * HOUR,
    arrivals: (now) => {
      if (now === 5 * MINUTE) return tasksOf(1_200, run, random)
      return now < 90 * MINUTE ? tasksOf(drawn(2, random), other, random) : []
    },
    weather: (now) => ({ laneOpen: true, paused: now >= 10 * MINUTE && now < 40 * MINUTE }),
  }
}

/** The API, and with it the scaling endpoint, is away while the load ends. */
export function silentEndpoint(): Trace {
  const random = seeded(6)
  const shape = { calls: 2, shortest: 30, longest: 90 }
  return {
    name: 'silent-endpoint',
    title: 'The scaling endpoint does not answer for 30 minutes, while the load ends',
    seconds: 2 * HOUR,
    arrivals: (now) => (now < 50 * MINUTE ? tasksOf(drawn(6, random), shape, random) : []),
    answers: (now) => now < 40 * MINUTE || now >= 70 * MINUTE,
  }
}

/** A role that is asked for now and then, with pods of its own. */
export function rareRole(): Trace {
  const random = seeded(7)
  const shape = { calls: 3, shortest: 20, longest: 90 }
  return {
    name: 'rare-role',
    title: 'A role of its own, from none to some and back',
    seconds: 3 * HOUR,
    arrivals: (now) => (now > 0 && now % (45 * MINUTE) === 0 ? tasksOf(150, shape, random) : []),
  }
}

/** Whatever comes: bursts and lulls, short calls and long ones, closed lanes and pauses. No call is longer than 14 minutes. */
export function anyLoad(seed: number): Trace {
  const random = seeded(seed)
  const until = (1 + random()) * HOUR
  const bursts = Array.from({ length: 5 }, () => ({ at: Math.floor(random() * until), size: random() ** 3 * 2_000 }))
  const stops = Array.from({ length: 2 }, () => ({ at: random() * until, length: random() * 20 * MINUTE }))
  const stopped = (now: number, stop: { at: number; length: number } | undefined): boolean =>
    stop !== undefined && now >= stop.at && now < stop.at + stop.length
  const rate = random() * 4
  const shape = (): Shape => {
    const longest = 1 + random() ** 3 * 14 * MINUTE
    return { calls: 1 + Math.floor(random() * 4), shortest: 1, longest, pausable: random() < 0.5 }
  }
  return {
    name: `any-${seed}`,
    title: `Load ${seed}`,
    seconds: 5 * HOUR,
    arrivals: (now) => [
      ...(now < until ? tasksOf(drawn(rate, random), shape(), random) : []),
      ...bursts.filter(({ at }) => at === now).flatMap(({ size }) => tasksOf(Math.floor(size), shape(), random)),
    ],
    weather: (now) => ({ laneOpen: !stopped(now, stops[0]), paused: stopped(now, stops[1]) }),
  }
}
