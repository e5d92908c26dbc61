import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { root } from '../../scripts/checkout.mjs'

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')
const dockerfile = read('infra/docker/Dockerfile')
const stages = dockerfile.split(/^(?=FROM )/m).filter((stage) => stage.startsWith('FROM '))
const last = stages.at(-1) ?? ''

test('the image is made with the tools of the checkout', () => {
  const { packageManager } = JSON.parse(read('package.json')) as { packageManager: string }
  const { catalog } = parse(read('pnpm-workspace.yaml')) as { catalog: Record<string, string> }
  expect(dockerfile).toContain(`npm install --global ${packageManager} turbo@${catalog['turbo']}\n`)
})

test('it holds the programs that run in a fleet, and no tools to make it with', () => {
  const pruned = /turbo prune (.*) --docker/.exec(dockerfile)?.[1]?.split(' ') ?? []
  expect(pruned).toEqual(['@flotilla/api', '@flotilla/worker', '@flotilla/cli'])
  expect(last).toMatch(/^FROM node:\d+-slim\n/)
  expect(last).not.toMatch(/npm install|pnpm|turbo /)
})

test('it runs as a user that is not root, told by number', () => {
  const user = /^USER (\d+):(\d+)$/m.exec(last)
  expect(Number(user?.[1])).toBeGreaterThan(0)
})

test('node is its first process', () => {
  const command = JSON.parse(/^CMD (.*)$/m.exec(last)?.[1] ?? '[]') as string[]
  expect(command[0]).toBe('node')
  expect(existsSync(path.join(root, command[1] ?? ''))).toBe(true)
})

test('it keeps what Node makes of the TypeScript of its programs', () => {
  expect(last).toContain('ENV NODE_COMPILE_CACHE=/flotilla/.compile-cache\n')
  const made = /^RUN (node .*\.compile-cache.*)$/m.exec(last)?.[1] ?? ''
  const programs = [...made.matchAll(/node (apps\/\S+)/g)].map(([, file]) => file)
  expect(programs).toEqual(['apps/api/src/main.ts', 'apps/worker/src/main.ts'])
  const folder = mkdtempSync(path.join(tmpdir(), 'flotilla-cache-'))
  try {
    const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: folder }
    const command = made.replace('.compile-cache', folder).replaceAll('node ', `${process.execPath} `)
    const { status, stderr } = spawnSync('sh', ['-c', command], { cwd: root, env, encoding: 'utf8' })
    expect(stderr).toBe('flotilla api: DATABASE_URL is not set\nflotilla worker: DATABASE_URL is not set\n')
    expect(status).toBe(0)
    expect(readdirSync(folder)).toHaveLength(1)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('its processes have one arena of memory', () => {
  expect(last).toContain('ENV MALLOC_ARENA_MAX=1\n')
})

test('what is of no use in it is not sent to be built', () => {
  const ignored = read('.dockerignore').split('\n')
  expect(ignored).toEqual(expect.arrayContaining(['**/node_modules', '.git', '.flotilla', '.env']))
})
