/** Milliseconds as a person says them: `840 ms`, `12.4 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function durationText(ms: number): string {
  if (ms < 999.5) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return pair(seconds, 60, 'min', 's')
  const minutes = Math.round(ms / 60_000)
  return minutes < 1_440 ? pair(minutes, 60, 'h', 'min') : pair(Math.round(ms / 3_600_000), 24, 'd', 'h')
}

function pair(value: number, base: number, large: string, small: string): string {
  const rest = value % base
  const whole = `${Math.floor(value / base)} ${large}`
  return rest === 0 ? whole : `${whole} ${rest} ${small}`
}
