import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DOCUMENT_LIMITS, readDocuments, type DocumentLimits } from './documents.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'flotilla-docs-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const put = (name: string, content: string | Uint8Array) => {
  mkdirSync(path.dirname(path.join(dir, name)), { recursive: true })
  writeFileSync(path.join(dir, name), content)
}
const read = (paths: string[], limits: Partial<DocumentLimits> = {}) =>
  readDocuments(paths, dir, { ...DOCUMENT_LIMITS, ...limits })
const namesOf = async (paths: string[]) => {
  const result = await read(paths)
  return result.ok ? result.value.documents.map(({ name }) => name) : result.problems
}
const problemsOf = async (paths: string[], limits: Partial<DocumentLimits> = {}) => {
  const result = await read(paths, limits)
  return result.ok ? [] : result.problems.map((problem) => problem.replaceAll(dir, '.'))
}

test('a folder: relative names, sorted, without what is hidden or fetched', async () => {
  put('docs/b.md', 'b')
  put('docs/sub/a.md', 'a')
  put('docs/.git/x.md', 'x')
  put('docs/node_modules/y/y.md', 'y')
  symlinkSync('/nowhere', path.join(dir, 'docs/broken.md'))
  symlinkSync(dir, path.join(dir, 'docs/round'))
  expect(await namesOf(['docs'])).toEqual(['b.md', 'sub/a.md'])
})

test('files by their own names; the same file twice is one', async () => {
  put('docs/a.md', 'a')
  put('b.txt', 'b')
  expect(await namesOf(['docs/a.md', 'b.txt', './b.txt'])).toEqual(['a.md', 'b.txt'])
})

test('nothing asked for is nothing found', async () => {
  expect(await read([])).toEqual({ ok: true, value: { documents: [], skipped: [] } })
})

test('a byte order mark is no content, and brackets cannot stand in a citation', async () => {
  put('x[1].md', '\uFEFFtext')
  expect(await read(['x[1].md'])).toMatchObject({
    ok: true,
    value: { documents: [{ name: 'x(1).md', content: 'text' }] },
  })
})

describe('images and PDFs', () => {
  const png = Buffer.from('\u0089PNG\r\n\u001A\n picture', 'latin1')
  const pdf = Buffer.from('%PDF-1.7 page')
  const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)

  test('are sent with the type that their content has, named and in folders', async () => {
    put('docs/chart.PNG', png)
    put('docs/photo.png', jpeg)
    put('docs/notes.md', 'notes')
    put('report.pdf', pdf)
    expect(await read(['docs', 'report.pdf'])).toEqual({
      ok: true,
      value: {
        documents: [
          { name: 'chart.PNG', mediaType: 'image/png', data: png.toString('base64') },
          { name: 'notes.md', content: 'notes' },
          { name: 'photo.png', mediaType: 'image/jpeg', data: '/9j/4A==' },
          { name: 'report.pdf', mediaType: 'application/pdf', data: pdf.toString('base64') },
        ],
        skipped: [],
      },
    })
  })

  test('that are none are refused where they were named, and left out of a folder', async () => {
    put('docs/scan.jpg', 'II*\u0000')
    put('docs/page.pdf', '<html>')
    put('docs/good.md', 'good')
    const problems = [
      './docs/scan.jpg is no image and no PDF that a model reads: it is image/tiff. Convert it to PNG, JPEG, GIF, WebP or PDF',
      './docs/page.pdf is no image and no PDF that a model reads: its content is of no type that is known. Convert it to PNG, JPEG, GIF, WebP or PDF',
    ]
    expect(await problemsOf(['docs/scan.jpg', 'docs/page.pdf'])).toEqual(problems)
    const result = await read(['docs'])
    if (!result.ok) throw new Error(result.problems.join())
    expect(result.value.documents).toEqual([{ name: 'good.md', content: 'good' }])
    expect(result.value.skipped.map((note) => note.replaceAll(dir, '.')).toSorted()).toEqual(problems.toSorted())
  })

  test('are limited in size and number', async () => {
    const big = (bytes: number) => Buffer.concat([png, Buffer.alloc(bytes)])
    put('big.png', big(20 * 1024 * 1024))
    expect(await problemsOf(['big.png'])).toEqual([
      './big.png has 20.0 MiB; an image or a PDF has at most 20.0 MiB. Make it smaller',
    ])
    put('a.png', big(12 * 1024 * 1024))
    put('b.png', big(11 * 1024 * 1024))
    expect(await problemsOf(['a.png', 'b.png'])).toEqual([
      'the images and PDFs have 23.0 MiB together; a run takes at most 22.0 MiB of them. Give fewer or smaller ones',
    ])
    for (let i = 0; i < 21; i++) put(`many/${i}.png`, png)
    expect(await problemsOf(['many'])).toEqual([
      '21 images and PDFs were given; a run takes at most 20. Give fewer of them',
    ])
  })
})

describe('what is no document', () => {
  beforeEach(() => {
    put('docs/logo.ico', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0xff))
    put('docs/nul.txt', 'a\u0000b')
    put('docs/empty.md', '')
    put('docs/good.md', 'good')
  })

  test('is left out of a folder, with a note', async () => {
    const result = await read(['docs'])
    if (!result.ok) throw new Error(result.problems.join())
    expect(result.value.documents).toEqual([{ name: 'good.md', content: 'good' }])
    expect(result.value.skipped.map((note) => note.replaceAll(dir, '.')).toSorted()).toEqual([
      './docs/empty.md is empty',
      './docs/logo.ico is no UTF-8 text. Convert it to text or Markdown',
      './docs/nul.txt is no text: it holds NUL characters. Send text or Markdown',
    ])
  })

  test('is refused where it was named', async () => {
    expect(await problemsOf(['docs/logo.ico', 'docs/empty.md', 'docs/good.md'])).toEqual([
      './docs/logo.ico is no UTF-8 text. Convert it to text or Markdown',
      './docs/empty.md is empty',
    ])
  })

  test('cannot be all that a folder holds', async () => {
    put('pictures/a.ico', Uint8Array.of(0xff, 0xfe, 0xfd))
    expect(await problemsOf(['pictures'])).toEqual([
      'found no text, image or PDF in pictures: ./pictures/a.ico is no UTF-8 text. Convert it to text or Markdown',
    ])
  })
})

test.each([
  ['a path that leads nowhere', () => {}, ['gone'], './gone does not exist'],
  ['an empty folder', () => mkdirSync(path.join(dir, 'none')), ['none'], 'none holds no files'],
  ['a device', () => {}, ['/dev/null'], '/dev/null is neither a file nor a folder'],
])('%s', async (_, prepare, paths, problem) => {
  prepare()
  expect(await problemsOf(paths)).toEqual([problem])
})

describe('limits', () => {
  test('the size of a file', async () => {
    put('big.md', 'x'.repeat(2 * 1024 * 1024))
    expect(await problemsOf(['big.md'], { maxFileBytes: 1024 * 1024 })).toEqual([
      './big.md has 2.0 MiB; a document has at most 1.0 MiB. Split it',
    ])
  })

  test('the size of all, as they are sent', async () => {
    put('quotes.md', '"'.repeat(600_000))
    expect(await problemsOf(['quotes.md'], { maxTotalBytes: 1024 * 1024 })).toEqual([
      'the documents have 1.1 MiB together; a run takes at most 1.0 MiB. Give fewer of them',
    ])
  })

  test('the number of files and the depth of folders', async () => {
    for (const name of ['a', 'b', 'c']) put(`docs/${name}.md`, name)
    put('deep/1/2/3/x.md', 'x')
    expect(await problemsOf(['docs'], { maxFiles: 2 })).toEqual([
      'docs holds more than 2 files; give a smaller folder or single files',
    ])
    expect(await problemsOf(['deep'], { maxDepth: 2 })).toEqual([
      './deep/1/2/3 is nested deeper than 2 folders; give a folder further down',
    ])
  })

  test('two files of one name', async () => {
    put('x/a.md', '1')
    put('y/a.md', '2')
    expect(await problemsOf(['x', 'y'])).toEqual([
      './y/a.md and ./x/a.md would both be called "a.md"; rename one, or give the folder above them',
    ])
  })
})
