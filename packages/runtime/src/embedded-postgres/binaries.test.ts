import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { locateBinaries } from './binaries.ts'

test('finds the programs of this platform', () => {
  const { nativeDir, version } = locateBinaries(process)
  expect(version).toMatch(/^18\./)
  for (const program of ['initdb', 'postgres']) expect(existsSync(path.join(nativeDir, 'bin', program))).toBe(true)
})

test.each([
  { platform: 'win32', arch: 'x64' },
  { platform: 'linux', arch: 'riscv64' },
  { platform: 'freebsd', arch: 'x64' },
])('says what to do on $platform-$arch', (platform) => {
  expect(() => locateBinaries(platform)).toThrow(
    expect.objectContaining({ code: 'unsupported_platform', message: expect.stringContaining('Set DATABASE_URL') }),
  )
})
