import type { RunView, TaskView } from '@flotilla/domain'
import { hc, type InferResponseType } from 'hono/client'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { createRoutes, type ApiType } from './app.ts'
import type { ApiDeps } from './context.ts'
import { openApi, type Api } from './testing/api-fixture.ts'
import { openApiFaults, operationsOf, type OpenApiDocument } from './testing/openapi-faults.ts'

let api: Api
let document: OpenApiDocument
beforeAll(async () => {
  api = await openApi()
  document = (await api.call('GET', '/openapi.json')).json
})
afterAll(() => api.close())

const sorted = (texts: Iterable<string>): string[] => [...texts].toSorted((a, b) => a.localeCompare(b))

describe('the OpenAPI document', () => {
  it('is 3.1, of this version, and sound', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/)
    expect(document.info).toMatchObject({ title: 'Flotilla', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) })
    expect(openApiFaults(document)).toEqual([])
  })

  it('is held against faults that are found', () => {
    const broken = structuredClone(document)
    broken.components.schemas['Run'] = { type: 'objekt', properties: {}, required: ['id'] }
    delete broken.components.schemas['Plan']
    const faults = openApiFaults(broken)
    for (const fault of ['unknown type objekt', 'requires "id"', '#/components/schemas/Plan, which is not there'])
      expect(faults.join('\n')).toContain(fault)
  })

  it('holds every route, and no other', () => {
    const routes = createRoutes({ hints: {} } as ApiDeps)
      .routes.filter(({ method }) => method !== 'ALL')
      .map(
        ({ method, path }) =>
          `${method.toLowerCase()} ${path.replace(/:(\w+)(?:\{[^}]+\})?/g, '{$1}').replace(/(.)\/$/, '$1')}`,
      )
    const described = operationsOf(document).map(({ where }) => where)
    expect(sorted(described)).toEqual(sorted(new Set(routes)))
    expect(described.length).toBeGreaterThanOrEqual(24)
  })

  it('tells of bodies, in every form that is taken', () => {
    const body = (path: string, method: string) =>
      Object.keys(document.paths[path]?.[method]?.requestBody?.content ?? {})
    expect(body('/v1/runs', 'post')).toEqual(['application/json'])
    expect(sorted(body('/v1/runs/{id}/plan', 'put'))).toEqual(['application/json', 'text/plain'])
    expect(document.components.schemas['CreateRun']).toMatchObject({ required: ['goal'], additionalProperties: false })
  })

  it('tells of queries with their types', () => {
    const parameters = document.paths['/v1/runs']?.['get']?.parameters ?? []
    expect(parameters.find((parameter) => parameter.name === 'limit')).toMatchObject({
      in: 'query',
      schema: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 },
    })
    expect(parameters.every((parameter) => parameter.required !== true)).toBe(true)
  })
})

describe('a typed client of the routes', () => {
  it('knows what goes in and what comes out', async () => {
    const client = hc<ApiType>(api.url)
    const created = await client.v1.runs.$post({
      json: { goal: 'typed', plan: { tasks: [{ key: 'a', role: 'writer' }] } },
    })
    expect(created.status).toBe(202)
    if (created.status !== 202) return
    const { id } = await created.json()
    const shown = await client.v1.runs[':id'].$get({ param: { id } })
    if (shown.status !== 200) throw new Error(`expected 200, found ${shown.status}`)
    const run = await shown.json()
    expect(run.goal).toBe('typed')
    const list = await client.v1.runs.$get({ query: { limit: '1' } })
    expect(list.ok).toBe(true)
    expectTypeOf(run.status).toEqualTypeOf<RunView['status']>()
    type Task = InferResponseType<(typeof client.v1.runs)[':id']['tasks'][':key']['$get'], 200>
    expectTypeOf<Task['attempts'][number]['status']>().toEqualTypeOf<TaskView['attempts'][number]['status']>()
  })
})
