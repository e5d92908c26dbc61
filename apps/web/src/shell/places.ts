/** Pages of the navigation; `go` follows the letter g, `owns` begins the addresses that belong to it. */
export const PLACES = [
  { to: '/', label: 'Runs', go: 'r', owns: ['/new', '/runs/'] },
  { to: '/approvals', label: 'Approvals', go: 'p', owns: [] },
  { to: '/agents', label: 'Agents', go: 'a', owns: ['/agents/'] },
  { to: '/analytics', label: 'Analytics', go: 'y', owns: [] },
  { to: '/fleet', label: 'Fleet', go: 'f', owns: [] },
] as const

/** Whether an address is the page's, or of what is reached from it. */
export const isAt = (place: Readonly<{ to: string; owns: readonly string[] }>, path: string): boolean =>
  path === place.to || place.owns.some((start) => path.startsWith(start))
