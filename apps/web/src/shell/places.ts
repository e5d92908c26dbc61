/** Pages of the navigation; `go` follows the letter g, `owns` begins the addresses that belong to it, `about` is for the help. */
export const PLACES = [
  { to: '/', label: 'Runs', go: 'r', owns: ['/new', '/runs/'], about: 'all that was asked for, and New run' },
  { to: '/approvals', label: 'Approvals', go: 'p', owns: [], about: 'what waits for your decision' },
  { to: '/agents', label: 'Agents', go: 'a', owns: ['/agents/'], about: 'who does the work, and how well' },
  { to: '/analytics', label: 'Analytics', go: 'y', owns: [], about: 'success, quality, cost and errors by day' },
  { to: '/fleet', label: 'Fleet', go: 'f', owns: [], about: 'workers, what waits, models and prices' },
] as const

/** Whether an address is the page's, or of what is reached from it. */
export const isAt = (place: Readonly<{ to: string; owns: readonly string[] }>, path: string): boolean =>
  path === place.to || place.owns.some((start) => path.startsWith(start))
