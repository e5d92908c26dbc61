export const SPANS = [7, 30, 90] as const
export type AnalyticsSearch = Readonly<{ days?: (typeof SPANS)[number] | undefined }>

/** Of an address; 30 days without one. */
export function readSpan(search: Readonly<Record<string, unknown>>): AnalyticsSearch {
  const days = SPANS.find((one) => one === search['days'])
  return days === undefined || days === 30 ? {} : { days }
}
