import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runCaptured } from './testing/run-captured.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'flotilla-cli-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const flotilla = (args: readonly string[], environment: Record<string, string> = {}) =>
  runCaptured(args, { FLOTILLA_DATA_DIR: dir, FLOTILLA_PORT: '1', ...environment }, dir)

describe('help', () => {
  test('teaches', async () => {
    const { code, out } = await flotilla(['--help'])
    expect(code).toBe(0)
    for (const command of ['up', 'start', 'run', 'runs', 'plan', 'agents', 'doctor', 'migrate'])
      expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
    expect(out).toContain('flotilla run "Compare these documents" --docs ./docs')
  })

  test('tells the version', async () => {
    expect(await flotilla(['--version'])).toMatchObject({ code: 0, out: '1.2.3' })
  })

  const leaves = [
    'up',
    'start',
    'run',
    'plan',
    'doctor',
    'runs list',
    'runs show',
    'runs watch',
    'runs start',
    'runs pause',
    'runs resume',
    'runs cancel',
    'runs delete',
    'agents list',
    'agents show',
    'agents versions',
  ]
  test.each(leaves)('%s takes --json, --url and --api-key', async (command) => {
    const { code, out } = await flotilla([...command.split(' '), '--help'])
    expect(code).toBe(0)
    for (const option of ['--json', '--url', '--api-key']) expect(out).toContain(option)
  })
})

test.each(['migrate', 'cleanup'])(
  '%s, which works on the database itself, takes --json and no server',
  async (command) => {
    const { out } = await flotilla([command, '--help'])
    expect(out).toContain('--json')
    expect(out).not.toMatch(/--url|--api-key/)
  },
)

test.each(['run', 'plan'])('%s takes each limit of a budget, and says what each policy does', async (command) => {
  const { out } = await flotilla([command, '--help'])
  for (const option of ['usd', 'tokens', 'tool-calls', 'seconds']) expect(out).toContain(`--budget-${option} `)
  const text = out.replaceAll(/\s+/g, ' ')
  expect(text).toContain('begins only if its worst case fits')
  for (const policy of ['degrade saves', 'pause rests', 'fail ends the run']) expect(text).toContain(policy)
})

describe('what is called wrongly ends with 2 and a hint', () => {
  test.each([
    [['rnu'], "unknown command 'rnu'\n(Did you mean run?)"],
    [['runs', 'lst'], "unknown command 'lst'\n(Did you mean list?)"],
    [['run', 'x', '--docks', 'y'], "unknown option '--docks'\n(Did you mean --docs?)"],
    [['runs', 'show'], "missing required argument 'id'"],
    [['run'], 'the goal is missing'],
    [['run', 'x', '--budget-usd', 'much'], 'Expected an amount in US dollars from 0 to 1,000,000,000, such as 1.5.'],
    [['run', 'x', '--budget-usd', '3000000000'], 'from 0 to 1,000,000,000'],
    [
      ['runs', 'budget', 'x', '--usd', 'nil'],
      'Expected an amount in US dollars from 0 to 1,000,000,000, such as 1.5. Or none.',
    ],
    [['run', 'x', '--on-exceeded', 'stop'], 'Allowed choices are degrade, pause, fail.'],
    [['run', 'x', '--priority', '10'], 'Expected a whole number from 0 to 9.'],
    [['run', 'x', '--label', 'team'], 'Expected key=value.'],
    [['run', 'x', '--progress', 'loud'], 'Allowed choices are auto, tty, plain, json.'],
    [['run', 'x', '--url', 'ftp://x'], 'Expected a URL that begins with http:// or https://.'],
    [['run', 'x', '--docs', 'gone'], 'gone does not exist'],
    [['run', 'x', 'y'], 'too many arguments'],
    [['up', '--port', '70000'], 'Expected a whole number from 0 to 65,535.'],
    [[], 'Usage: flotilla'],
  ])('%j', async (args, hint) => {
    const { code, err } = await flotilla(args)
    expect(err).toContain(hint)
    expect(code).toBe(2)
  })

  test('an environment that is wrong', async () => {
    const { code, err } = await flotilla(['runs', 'list'], { FLOTILLA_PORT: 'x', FLOTILLA_URL: 'y' })
    expect(code).toBe(2)
    expect(err).toContain('FLOTILLA_PORT: expected a port')
    expect(err).toContain('FLOTILLA_URL: expected a URL')
  })

  test.each(['up', 'start'])('%s, with what its programs would refuse', async (command) => {
    const { code, err } = await flotilla([command], { FLOTILLA_ROLES: 'foo', FLOTILLA_APPROVAL_HOURS: '0' })
    expect(code).toBe(2)
    expect(err).toContain('FLOTILLA_ROLES: expected planner')
    expect(err).toContain('FLOTILLA_APPROVAL_HOURS is 0; expected 0.001 to 8760')
    expect(await flotilla([command], { FLOTILLA_WORKERS: '0' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('FLOTILLA_WORKERS: expected a number of worker processes, 1 to 64'),
    })
  })

  test.each([
    [['runs', 'lst', '--json'], "unknown command 'lst'"],
    [['runs', 'show', '--json'], "missing required argument 'id'"],
    [['run', '--json'], 'the goal is missing'],
    [['up', '--port', '70000', '--json'], 'Expected a whole number from 0 to 65,535.'],
  ])('%j is told as JSON alone', async (args, hint) => {
    const { code, out, err } = await flotilla(args)
    expect([code, out]).toEqual([2, ''])
    expect(JSON.parse(err)).toEqual({ error: { code: 'invalid_input', detail: expect.stringContaining(hint) } })
  })
})

describe('a server', () => {
  let server: Server
  let url: string
  let answer: { status: number; body: unknown }
  beforeEach(async () => {
    server = createServer((_, response) => {
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    server.listen(0, '127.0.0.1', resolve)
    await promise
    url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })
  const problem = (status: number, code: string, detail: string, errors?: object[]) => {
    answer = {
      status,
      body: { type: 'about:blank', title: code, status, detail, code, ...(errors === undefined ? {} : { errors }) },
    }
  }

  test('that is not there', async () => {
    expect(await flotilla(['runs', 'list'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(
        /^flotilla: cannot reach Flotilla at http:\/\/127\.0\.0\.1:1: .* Start it with `flotilla up`/,
      ),
    })
  })

  test('that refuses the state ends with 1, what was sent with 2', async () => {
    problem(409, 'conflict', 'cannot delete a run that is executing')
    expect(await flotilla(['runs', 'delete', 'run_1', '--url', url])).toEqual({
      code: 1,
      out: '',
      err: 'flotilla: cannot delete a run that is executing',
    })
    problem(422, 'invalid_input', '2 errors; the first: /goal: too\u001B[2J long', [
      { path: '/goal', message: 'too long' },
      { path: '/plan/tasks/0/dependsOn/0', message: 'unknown task "x"' },
    ])
    expect(await flotilla(['run', 'x', '--url', url])).toEqual({
      code: 2,
      out: '',
      err: 'flotilla: 2 errors; the first: /goal: too long\n  /goal: too long\n  /plan/tasks/0/dependsOn/0: unknown task "x"',
    })
  })

  test('whose refusal is asked for as JSON', async () => {
    problem(404, 'not_found', 'there is no run "x"')
    const { code, err } = await flotilla(['runs', 'show', 'x', '--json', '--url', url])
    expect(code).toBe(1)
    expect(JSON.parse(err)).toMatchObject({ error: { code: 'not_found', detail: 'there is no run "x"' } })
  })

  test('whose texts are harmless', async () => {
    answer = {
      status: 200,
      body: {
        items: [
          {
            id: 'agt_1',
            role: 'writer',
            name: 'Eve\u001B]0;owned\u0007',
            origin: 'user',
            model: null,
            description: 'a\nb',
            enabled: true,
          },
        ],
        nextCursor: null,
      },
    }
    const { out } = await flotilla(['agents', 'list', '--url', url])
    expect(out.split('\n')[1]).toBe('agt_1  writer  Eve   user    (system)  a b')
  })
})

test('the doctor runs in spite of a wrong environment, and fails for it', async () => {
  const { code, out } = await flotilla(['doctor', '--json'], {
    FLOTILLA_PORT: 'x',
    FLOTILLA_PRICES: '{bad',
    FLOTILLA_URL: 'http://127.0.0.1:1',
  })
  expect(code).toBe(1)
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: { name: string; status: string; detail: string }[] }
  expect(ok).toBe(false)
  const environment = checks.flatMap(({ name, status, detail }) =>
    name === 'Environment' ? [`${status}: ${detail}`] : [],
  )
  expect(environment).toEqual([
    expect.stringMatching(/^fail: FLOTILLA_PORT: /),
    expect.stringMatching(/^fail: FLOTILLA_PRICES is not JSON: /),
  ])
  expect(checks).toContainEqual(expect.objectContaining({ name: 'Server', status: 'warn' }))
})
