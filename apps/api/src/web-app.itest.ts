import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApi, problemOf, type Api } from './testing/api-fixture.ts'

const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

let folder: string
let api: Api
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'flotilla-web-app-'))
  await mkdir(path.join(folder, 'assets'))
  await writeFile(path.join(folder, 'index.html'), '<!doctype html><title>the app</title>')
  await writeFile(path.join(folder, 'assets/index-abc123.js'), 'let it = "work"')
  await writeFile(path.join(folder, 'built-from.txt'), 'secret')
  api = await openApi(undefined, folder)
})
afterAll(async () => {
  await api.close()
  await rm(folder, { recursive: true })
})

describe('the web app', () => {
  it.each(['/', '/runs/run_01', '/runs/run_01/tasks/a.b', '/nothing/here'])(
    'answers a browser at %s with its page, under a strict policy',
    async (place) => {
      const answer = await api.call('GET', place, { headers: HTML })
      expect(answer.status).toBe(200)
      expect(answer.text).toContain('the app')
      expect(answer.headers.get('cache-control')).toBe('no-cache')
      const policy = answer.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("script-src 'self'")
      expect(policy).not.toContain('unsafe')
    },
  )

  it('lets hashed files be kept for ever', async () => {
    const answer = await api.call('GET', '/assets/index-abc123.js')
    expect(answer.status).toBe(200)
    expect(answer.text).toBe('let it = "work"')
    expect(answer.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  })

  it.each(['/assets/other-abc123.js', '/assets/..%2fbuilt-from.txt', '/built-from.txt', '/assets'])(
    'has no file %s',
    async (place) => expect((await api.call('GET', place)).status).toBe(404),
  )

  it.each(['/v1/nothing', '/internal/nothing', '/docs/nothing', '/admin/nothing'])(
    'leaves %s to the API',
    async (place) => {
      const answer = await api.call('GET', place, { headers: HTML })
      expect(answer.status).toBe(404)
      expect(problemOf(answer).code).toBe('not_found')
    },
  )

  it('answers scripts at / with what there is', async () =>
    expect((await api.call('GET', '/')).json).toMatchObject({ name: 'flotilla', runs: '/v1/runs' }))

  it('takes nothing that writes', async () =>
    expect((await api.call('POST', '/runs', { headers: HTML, json: {} })).status).toBe(404))
})

it('says that the app is missing and why, and goes on without it', async () => {
  const bare = await mkdtemp(path.join(os.tmpdir(), 'flotilla-web-app-'))
  await writeFile(path.join(bare, 'failure.txt'), 'Its build failed: <out of memory>')
  const without = await openApi(undefined, bare)
  const page = await without.call('GET', '/', { headers: HTML })
  expect(page.status).toBe(503)
  expect(page.text).toContain('Its build failed: &lt;out of memory&gt;')
  expect((await without.call('GET', '/v1/runs')).status).toBe(200)
  await without.close()
  await rm(bare, { recursive: true })
})
