import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { rejected } from '@flotilla/domain'
import { Hono } from 'hono'
import type { AppEnv } from '../context.ts'
import { refuse } from '../errors.ts'

/** What of the package is served, and nothing else of the folder. */
const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Flotilla API</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page shows <a href="/openapi.json">/openapi.json</a> and needs JavaScript for it.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/initializer.js"></script>
</body>
</html>
`

const INITIALIZER = `window.ui = SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true, validatorUrl: null })
`

const folder = path.dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')))
const CACHE = { 'cache-control': 'public, max-age=3600' }

/** The reference page: Swagger UI out of node_modules, without anything from elsewhere. */
export const docsRoutes = () =>
  new Hono<AppEnv>()
    .get('/', (c) => c.html(PAGE))
    .get('/initializer.js', (c) => c.body(INITIALIZER, 200, { 'content-type': 'text/javascript; charset=utf-8' }))
    .get('/:file', async (c) => {
      const file = c.req.param('file')
      const type = Object.hasOwn(ASSETS, file) ? ASSETS[file] : undefined
      if (type === undefined) return refuse(c, rejected('not_found', `there is no /docs/${file}`))
      return c.body(new Uint8Array(await readFile(path.join(folder, file))), 200, { 'content-type': type, ...CACHE })
    })
