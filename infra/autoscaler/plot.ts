import type { Outcome, Sample } from './simulate.ts'

export interface Panel {
  readonly title: string
  readonly outcome: Outcome
}

const WIDTH = 860
const PANEL = 150
const LEFT = 52
const RIGHT = 44
const TOP = 40
const PLOT = 88
/** Of a load's outline, at most. */
const POINTS = 400
const INK = '#555'
const LOAD = '#7aa6d8'
const PODS = '#c2410c'
const DRAINING = '#f0b48a'

/** One panel below the other: what the scaling endpoint answers, the pods that were asked for, and those that drain. */
export function plot(panels: readonly Panel[]): string {
  const height = 34 + PANEL * panels.length
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11" fill="${INK}">
<rect width="100%" height="100%" fill="#fff"/>
${legend()}
${panels.map((panel, i) => `<g transform="translate(0 ${24 + PANEL * i})">\n${drawPanel(panel)}\n</g>`).join('\n')}
</svg>
`
}

function legend(): string {
  const item = (x: number, colour: string, text: string): string =>
    `<rect x="${x}" y="9" width="10" height="10" fill="${colour}"/><text x="${x + 15}" y="18">${text}</text>`
  return [
    item(LEFT, LOAD, 'in progress, ready and due (left)'),
    item(LEFT + 200, PODS, 'pods (right)'),
    item(LEFT + 290, DRAINING, 'pods that drain'),
  ].join('\n')
}

interface Scale {
  readonly x: (at: number) => number
  readonly load: (value: number) => number
  readonly pods: (count: number) => number
}

function drawPanel({ title, outcome }: Panel): string {
  const { samples } = outcome
  const seconds = samples.at(-1)?.at ?? 1
  const mostLoad = niceMost(Math.max(...samples.map(({ value }) => value)))
  const mostPods = niceMost(Math.max(...samples.map(({ replicas, draining }) => Math.max(replicas, draining))))
  const scale: Scale = {
    x: (at) => LEFT + ((WIDTH - LEFT - RIGHT) * at) / seconds,
    load: (value) => TOP + PLOT * (1 - value / mostLoad),
    pods: (count) => TOP + PLOT * (1 - count / mostPods),
  }
  return [
    `<text x="${LEFT}" y="${TOP - 10}" font-weight="bold">${escapeXml(title)}</text>`,
    `<path d="${area(samples, scale)}" fill="${LOAD}" fill-opacity="0.55"/>`,
    `<path d="${steps(samples, scale, ({ draining }) => draining)}" fill="none" stroke="${DRAINING}" stroke-width="1.2"/>`,
    `<path d="${steps(samples, scale, ({ replicas }) => replicas)}" fill="none" stroke="${PODS}" stroke-width="1.6"/>`,
    `<path d="M${LEFT} ${TOP}V${TOP + PLOT}H${WIDTH - RIGHT}V${TOP}" fill="none" stroke="${INK}" stroke-width="0.7"/>`,
    `<text x="${LEFT - 5}" y="${TOP + 8}" text-anchor="end">${mostLoad.toLocaleString('en')}</text>`,
    `<text x="${LEFT - 5}" y="${TOP + PLOT}" text-anchor="end">0</text>`,
    `<text x="${WIDTH - RIGHT + 5}" y="${TOP + 8}">${mostPods}</text>`,
    `<text x="${WIDTH - RIGHT + 5}" y="${TOP + PLOT}">0</text>`,
    ...hours(seconds, scale),
  ].join('\n')
}

/** 1, 2 or 5 times a power of ten, and not less than `value`. */
function niceMost(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, value)))
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10)
}

const round = (value: number): string => String(Math.round(value * 10) / 10)

function area(samples: readonly Sample[], { x, load }: Scale): string {
  const every = Math.ceil(samples.length / POINTS)
  const points = samples
    .filter((_, i) => i % every === 0)
    .map(({ at, value }) => `L${round(x(at))} ${round(load(value))}`)
  return `M${round(x(0))} ${round(load(0))}${points.join('')}L${round(x(samples.at(-1)?.at ?? 0))} ${round(load(0))}Z`
}

/** Only where the number changes: the file stays small, and a changed line is a changed number. */
function steps(samples: readonly Sample[], { x, pods }: Scale, of: (sample: Sample) => number): string {
  const changes = samples.filter((sample, i) => i === 0 || of(sample) !== of(samples[i - 1] ?? sample))
  const [first, ...rest] = changes.map((sample) => ({ at: round(x(sample.at)), level: round(pods(of(sample))) }))
  const end = round(x(samples.at(-1)?.at ?? 0))
  return `M${first?.at} ${first?.level}${rest.map(({ at, level }) => `H${at}V${level}`).join('')}H${end}`
}

function hours(seconds: number, { x }: Scale): string[] {
  const every = seconds > 4 * 3_600 ? 3_600 : seconds > 3_600 ? 1_800 : 600
  return Array.from({ length: Math.floor(seconds / every) + 1 }, (_, i) => i * every).map(
    (at) =>
      `<text x="${round(x(at))}" y="${TOP + PLOT + 13}" text-anchor="middle">${every === 3_600 ? `${at / 3_600} h` : `${at / 60} min`}</text>`,
  )
}

const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
