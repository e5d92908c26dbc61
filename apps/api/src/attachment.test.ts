import { describe, expect, it } from 'vitest'
import { attachmentHeader, servedMediaType } from './attachment.ts'

describe('what a deliverable is served as', () => {
  it.each([
    ['text/markdown', 'text/markdown; charset=utf-8'],
    ['text/csv; charset=latin1', 'text/csv; charset=latin1'],
    ['application/json', 'application/json'],
    ['nonsense', 'application/octet-stream'],
    ['text/html\r\nset-cookie: a=b', 'application/octet-stream'],
    ['', 'application/octet-stream'],
  ])('%j is served as %j', (given, served) => {
    expect(servedMediaType(given)).toBe(served)
  })

  it.each([
    ['report.md', `attachment; filename="report.md"; filename*=UTF-8''report.md`],
    ['../../etc/passwd', `attachment; filename="passwd"; filename*=UTF-8''passwd`],
    ['a\\b.txt', `attachment; filename="b.txt"; filename*=UTF-8''b.txt`],
    ['a"b;c', `attachment; filename="a_b;c"; filename*=UTF-8''a%22b%3Bc`],
    ['x\r\nset-cookie: a', `attachment; filename="x__set-cookie: a"; filename*=UTF-8''x%0D%0Aset-cookie%3A%20a`],
    ['名.md', `attachment; filename="_.md"; filename*=UTF-8''%E5%90%8D.md`],
    ['///', `attachment; filename="artifact"; filename*=UTF-8''artifact`],
  ])('%j is kept as %j', (name, header) => {
    expect(attachmentHeader(name)).toBe(header)
    expect(() => new Headers({ 'content-disposition': header })).not.toThrow()
  })
})
