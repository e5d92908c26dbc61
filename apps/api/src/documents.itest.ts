import type { DocumentView } from '@flotilla/domain'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApi, problemOf, type Api } from './testing/api-fixture.ts'

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const HOSTILE = '<script>alert(1)</script>\nÜber [all](javascript:x)\n'

let api: Api
let id: string
beforeAll(async () => {
  api = await openApi()
  id = await api.submit({
    documents: [
      { name: 'notes/day 1?.md', content: 'one\ntwo' },
      { name: 'page.html', content: HOSTILE },
      { name: 'chart.png', mediaType: 'image/png', data: PNG.toString('base64') },
    ],
  })
})
afterAll(() => api.close())

const get = (path: string) => api.call('GET', `/v1/runs/${id}/documents${path}`)

it('documents are listed in the order they were given in, without their contents', async () => {
  type Page = { items: DocumentView[]; nextCursor: string | null }
  const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/)
  const text = { mediaType: null, pages: null, sha256 }
  const first: Page = (await get('?limit=2')).json
  expect(first.items).toEqual([
    { ...text, name: 'notes/day 1?.md', sizeBytes: 7, lines: 2, prepared: false },
    { ...text, name: 'page.html', sizeBytes: Buffer.byteLength(HOSTILE), lines: 2, prepared: false },
  ])
  const second: Page = (await get(`?limit=2&cursor=${first.nextCursor}`)).json
  expect(second).toEqual({
    items: [
      {
        name: 'chart.png',
        mediaType: 'image/png',
        sizeBytes: PNG.length,
        lines: null,
        pages: null,
        sha256,
        prepared: true,
      },
    ],
    nextCursor: null,
  })
})

it('a document says that it is prepared once it is', async () => {
  const list = async () => ((await get('')).json as { items: DocumentView[] }).items.map(({ prepared }) => prepared)
  expect(await list()).toEqual([false, false, true])
  await api.pool.query("update flotilla.documents set indexed = true where name = 'page.html'")
  expect(await list()).toEqual([false, true, true])
})

it('a text comes as text, whatever it is called', async () => {
  const page = await get('/page.html')
  expect([page.status, page.text]).toEqual([200, HOSTILE])
  expect(page.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  expect(page.headers.get('content-disposition')).toMatch(/^attachment; filename="page\.html"/)
  expect(page.headers.get('content-security-policy')).toContain('sandbox')
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  for (const name of ['notes/day%201%3F.md', 'notes%2Fday%201%3F.md'])
    expect((await get(`/${name}`)).text).toBe('one\ntwo')
})

it('an image comes as its bytes', async () => {
  const response = await fetch(`${api.url}/v1/runs/${id}/documents/chart.png`)
  expect(response.headers.get('content-type')).toBe('image/png')
  expect(Buffer.from(await response.arrayBuffer())).toEqual(PNG)
})

it('what is not there is not found', async () => {
  const missing = await get('/none.md')
  expect([missing.status, problemOf(missing).detail]).toEqual([404, `run "${id}" has no document "none.md"`])
  const empty = await api.submit()
  expect((await api.call('GET', `/v1/runs/${empty}/documents`)).json).toEqual({ items: [], nextCursor: null })
  expect((await api.call('GET', `/v1/runs/${empty}/documents/page.html`)).status).toBe(404)
  expect((await get('?cursor=x')).status).toBe(422)
})
