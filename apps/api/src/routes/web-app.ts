import { rejected } from '@flotilla/domain'
import { Hono, type Context } from 'hono'
import type { AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'
import type { AppFiles } from '../web/app-files.ts'

const FOR_EVER = 'public, max-age=31536000, immutable'
const ASK_AGAIN = 'no-cache'

/** The files of the web app. */
export const webAppRoutes = (files: AppFiles) =>
  new Hono<AppEnv>()
    .get('/assets/:file', (c) => answerFile(c, files, `assets/${c.req.param('file')}`))
    .get('/theme.js', (c) => answerFile(c, files, 'theme.js'))
    .get('/favicon.svg', (c) => answerFile(c, files, 'favicon.svg'))

async function answerFile(c: Context<AppEnv>, files: AppFiles, name: string): Promise<Response> {
  const file = await files.file(name)
  if (file === null) return refuse(c, rejected('not_found', `the web app has no file /${name}`))
  const zipped = (c.req.header('accept-encoding') ?? '').includes('gzip')
  return c.body(zipped ? file.gzip : file.body, 200, {
    'content-type': file.type,
    'cache-control': file.immutable ? FOR_EVER : ASK_AGAIN,
    vary: 'accept-encoding',
    ...(zipped ? { 'content-encoding': 'gzip' } : {}),
  })
}

/** Any page of the app; it finds out itself what its path shows. */
export async function answerPage(c: Context<AppEnv>, files: AppFiles): Promise<Response> {
  const page = await files.page()
  const headers = { 'cache-control': ASK_AGAIN, vary: 'accept' }
  return 'html' in page ? c.html(page.html, 200, headers) : c.html(missingPage(page.missing), 503, headers)
}

/** The API goes on without its app, and says how to get it. */
const missingPage = (reason: string): string => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Flotilla</title></head>
<body>
<h1>The web app is not there</h1>
<p>The API works: see <a href="/docs">/docs</a>, and the command line. To build the app, start again with
<code>npm start</code> or <code>npm run flotilla -- up</code>, or run <code>node scripts/web-app.mjs</code> in the checkout.</p>
<pre>${escapeHtml(reason)}</pre>
</body>
</html>
`

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escapeHtml = (text: string): string => text.replaceAll(/[&<>"]/g, (char) => ESCAPES[char] ?? char)
