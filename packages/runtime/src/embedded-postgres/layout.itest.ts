import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createLogger } from '../logger.ts'
import { serverAccount } from './account.ts'
import { locateBinaries, type Binaries } from './binaries.ts'
import { prepareLayout } from './layout.ts'

const log = createLogger({ level: 'silent', name: 'test' })

async function makeFolder(mode = 0o755): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'layout-'))
  await chmod(folder, mode)
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** The programs as seen through a folder that only its owner may enter, like a checkout in root's home. */
async function closedBinaries(): Promise<Binaries> {
  const binaries = locateBinaries(process)
  const nativeDir = path.join(await makeFolder(0o700), 'native')
  await symlink(binaries.nativeDir, nativeDir)
  return { ...binaries, nativeDir }
}

test('uses what is reachable where it is', async () => {
  const [dataDir, binaries, account] = [await makeFolder(), locateBinaries(process), await serverAccount()]
  const layout = await prepareLayout({ dataDir, binaries, account, log })
  expect(layout).toMatchObject({ baseDir: dataDir, nativeDir: binaries.nativeDir, account })
})

describe.runIf(process.getuid?.() === 0)('as root', () => {
  test('copies programs that the server account cannot reach, once', async () => {
    const [dataDir, shared, binaries, account] = [
      await makeFolder(),
      await makeFolder(),
      await closedBinaries(),
      await serverAccount(),
    ]
    const wanted = path.join(shared, `postgresql-${binaries.version}`)
    const starts = await Promise.all(
      [dataDir, await makeFolder()].map((folder) =>
        prepareLayout({ dataDir: folder, binaries, account, sharedDirs: [shared], log }),
      ),
    )
    expect(starts.map(({ nativeDir }) => nativeDir)).toEqual([wanted, wanted])
  })

  test('passes over a shared folder that others may write to', async () => {
    const open = await makeFolder(0o777)
    const shared = await makeFolder()
    const dataDir = path.join(await makeFolder(0o700), 'data')
    await mkdir(dataDir)
    const account = await serverAccount()
    const layout = await prepareLayout({
      dataDir,
      binaries: locateBinaries(process),
      account,
      sharedDirs: [open, shared],
      log,
    })
    expect(path.dirname(layout.baseDir)).toBe(shared)
  })

  test('opens the data directory itself, just enough to pass through', async () => {
    const dataDir = await makeFolder(0o700)
    const layout = await prepareLayout({
      dataDir,
      binaries: locateBinaries(process),
      account: await serverAccount(),
      sharedDirs: [],
      log,
    })
    expect(layout.baseDir).toBe(dataDir)
    expect((await stat(dataDir)).mode & 0o777).toBe(0o701)
  })

  test('keeps data where it was put, also when its place becomes reachable', async () => {
    const closed = await makeFolder(0o700)
    const dataDir = path.join(closed, 'data')
    await mkdir(dataDir)
    const options = { dataDir, binaries: locateBinaries(process), account: await serverAccount(), log }
    const before = await prepareLayout({ ...options, sharedDirs: [await makeFolder()] })
    await chmod(closed, 0o755)
    expect((await prepareLayout(options)).baseDir).toBe(before.baseDir)
  })

  test('says what to do when no folder can be reached', async () => {
    const closed = await makeFolder(0o700)
    const account = await serverAccount()
    const options = { dataDir: path.join(closed, 'data'), binaries: locateBinaries(process), account, log }
    await mkdir(options.dataDir)
    await expect(prepareLayout({ ...options, sharedDirs: [path.join(closed, 'shared')] })).rejects.toMatchObject({
      code: 'data_unreachable',
      message: expect.stringContaining('FLOTILLA_DATA_DIR'),
    })
  })
})

test('programs that do not run are an error that says so', async () => {
  const nativeDir = await makeFolder()
  await mkdir(path.join(nativeDir, 'bin'))
  await writeFile(path.join(nativeDir, 'bin', 'postgres'), '#!/bin/sh\necho no libicu >&2; exit 127\n', { mode: 0o755 })
  const account = await serverAccount()
  await expect(
    prepareLayout({ dataDir: await makeFolder(), binaries: { nativeDir, version: '18.0.0' }, account, log }),
  ).rejects.toMatchObject({ code: 'not_executable', message: expect.stringContaining('no libicu') })
})
