import { readReport } from '@flotilla/db'
import { JsonObjectSchema, accepted, isTerminalRun, rejected } from '@flotilla/domain'
import { accepts } from 'hono/accepts'
import { Hono } from 'hono'
import type { ApiDeps, AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import { operation } from '../openapi.ts'
import { inRun } from '../run-scope.ts'

const REPORT = operation({
  id: 'getReport',
  tag: 'runs',
  summary: "A finished run's completion report",
  description: 'As Markdown, or as JSON where Accept asks for it.',
  answers: { 200: { description: 'The report', json: JsonObjectSchema, media: ['text/markdown'] } },
  refusals: ['not_found', 'conflict'],
})

export const reportRoutes = (deps: ApiDeps) =>
  new Hono<AppEnv>().get('/:id/report', REPORT, async (c) => {
    const report = await inRun(deps, c, async (tx, run) => {
      if (!isTerminalRun(run.status))
        return rejected('conflict', `run "${run.uid}" is ${run.status}; its report comes when it has finished`)
      const written = await readReport(tx, run.id)
      return written === null
        ? rejected('not_found', `run "${run.uid}" has no report: it is ${run.status} and never got to its end`)
        : accepted(written)
    })
    if (!report.ok) return refuse(c, report)
    c.header('vary', 'Accept')
    const type = accepts(c, {
      header: 'Accept',
      supports: ['text/markdown', 'application/json'],
      default: 'text/markdown',
    })
    if (type === 'application/json') return c.json(report.value.json, 200)
    return c.body(report.value.markdown, 200, { 'content-type': 'text/markdown; charset=utf-8' })
  })
