import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { root } from '../scripts/checkout.mjs'
import { HISTOGRAMS, METRICS } from './metrics-contract.ts'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

interface Panel {
  readonly id: number
  readonly title: string
  readonly targets: readonly Readonly<{ expr: string; legendFormat: string }>[]
  readonly gridPos: Readonly<{ x: number; y: number; w: number; h: number }>
}

interface Dashboard {
  readonly uid: string
  readonly panels: readonly Panel[]
}

const infra = path.join(root, 'infra')
const read = (file: string): string => readFileSync(path.join(infra, file), 'utf8')
const { groups } = parse(read('prometheus/alerts.yml')) as { groups: { name: string; rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)
const dashboards = readdirSync(path.join(infra, 'grafana'))
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({ file, board: JSON.parse(read(`grafana/${file}`)) as Dashboard }))

/** Labels that Prometheus adds, and those of histograms. */
const GIVEN = ['job', 'instance', 'namespace', 'le']

/** What a query names that no process tells. */
function queryProblems(query: string): string[] {
  const used = [...query.matchAll(/\b(flotilla_\w+?)(_bucket|_sum|_count)?(?:\{([^}]*)\})?(?=[^\w{]|$)/g)].map(
    ([, name = '', suffix, labels = '']) => ({
      name,
      suffix,
      labels: [...labels.matchAll(/(\w+)(?==|!)/g)].map(([label]) => label),
    }),
  )
  const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/,\s*/))
  const known = used.flatMap(({ name }) => METRICS[name] ?? [])
  return [
    ...(used.length > 0 || /\bup\{/.test(query) ? [] : ['asks for no metric']),
    ...used.filter(({ name }) => METRICS[name] === undefined).map(({ name }) => `no metric ${name}`),
    ...used
      .filter(({ name, suffix }) => (suffix !== undefined) !== HISTOGRAMS.includes(name))
      .map(({ name, suffix = '' }) => `${name}${suffix}: is it a histogram?`),
    ...used.flatMap(({ name, labels }) =>
      labels
        .filter((label) => ![...GIVEN, ...(METRICS[name] ?? [])].includes(label))
        .map((label) => `${name} has no ${label}`),
    ),
    ...grouped
      .filter((label) => ![...GIVEN, ...known].includes(label))
      .map((label) => `nothing has the label ${label}`),
    ...used
      .filter(({ name }) => name.endsWith('_total') && !new RegExp(`(rate|increase)\\(${name}`).test(query))
      .map(({ name }) => `${name} only grows; expected its rate or increase`),
    ...(bracketsMatch(query) ? [] : ['brackets do not match']),
  ]
}

function bracketsMatch(query: string): boolean {
  const closers: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' }
  const open: string[] = []
  for (const sign of query.replaceAll(/"[^"]*"/g, '')) {
    if ('([{'.includes(sign)) open.push(sign)
    else if (sign in closers && open.pop() !== closers[sign]) return false
  }
  return open.length === 0
}

describe.each(rules.map((rule) => [rule.alert, rule] as const))('the alert %s', (_name, rule) => {
  test('asks for what there is', () => expect(queryProblems(rule.expr)).toEqual([]))

  test('says what is wrong and how bad it is', () => {
    expect(rule.annotations['summary']).toBeTruthy()
    expect(['warning', 'critical']).toContain(rule.labels['severity'])
    const told = [...JSON.stringify(rule.annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label)
    expect(told.filter((label) => !new RegExp(`\\b${label}\\b`).test(rule.expr) && !/\bup\{/.test(rule.expr))).toEqual(
      [],
    )
  })
})

describe.each(dashboards)('the dashboard $file', ({ board }) => {
  const panels = board.panels.map((panel) => [panel.title, panel] as const)

  test.each(panels)('%s asks for what there is', (_title, { targets }) => {
    expect(targets.flatMap(({ expr }) => queryProblems(expr))).toEqual([])
  })

  test('no panel covers another', () => {
    const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length)
  })
})

test('every metric is on a dashboard', () => {
  const queries = dashboards.flatMap(({ board }) =>
    board.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  )
  expect(Object.keys(METRICS).filter((name) => !queries.some((query) => query.includes(name)))).toEqual([])
})

test('names of alerts and dashboards are unique', () => {
  const names = [...rules.map(({ alert }) => alert), ...dashboards.map(({ board }) => board.uid)]
  expect(new Set(names).size).toBe(names.length)
})

test('Prometheus has the files and the services that its configuration names', () => {
  const config = parse(read('prometheus/prometheus.yml')) as {
    rule_files: string[]
    scrape_configs: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[]
  }
  const { services } = parse(read('compose.yaml'), { merge: true }) as { services: Record<string, unknown> }
  for (const file of config.rule_files) expect(existsSync(path.join(infra, 'prometheus', file))).toBe(true)
  const scraped = config.scrape_configs.flatMap(({ dns_sd_configs: configs }) => configs.flatMap(({ names }) => names))
  expect(Object.keys(services)).toEqual(expect.arrayContaining(scraped))
  expect(config.scrape_configs.every(({ job_name: job }) => job.startsWith('flotilla-'))).toBe(true)
})

test('the names that are told are those of the contract', () => {
  const told = sources().flatMap((text) => [...text.matchAll(/'(flotilla_\w+)'/g)].map(([, name = '']) => name))
  expect([...new Set(told)].toSorted()).toEqual(Object.keys(METRICS).toSorted())
})

/** What the API, the workers and what both have in common tell. */
function sources(): string[] {
  return ['apps/api/src/metrics', 'apps/worker/src', 'packages/runtime/src/metrics'].flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((file) => file.endsWith('.ts') && !file.includes('test'))
      .map((file) => readFileSync(path.join(root, folder, file), 'utf8')),
  )
}
