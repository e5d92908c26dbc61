/** First parts of the paths that are no page of the web app: what the API, its documents and the operator's tools answer. */
const OTHERS = /^\/(?:v1|internal|admin|docs|metrics|healthz|readyz|openapi\.json)(?:\/|$)/

/** Whether a path belongs to the web app, which decides itself what its pages are called. */
export const isAppPath = (path: string): boolean => !OTHERS.test(path)

/** A browser that goes somewhere asks for HTML by name; a script that asks for anything gets data. */
export const wantsPage = (method: string, accept: string | undefined): boolean =>
  (method === 'GET' || method === 'HEAD') && (accept ?? '').includes('text/html')
