/** Pages of the navigation; `go` follows the letter g. */
export const PLACES = [
  { to: '/', label: 'Runs', go: 'r' },
] as const
