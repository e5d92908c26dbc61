import { expect, test } from 'vitest'
import { parseMachineLoad, parseMemory, parseProcessStat } from './process-figures.ts'

test('a process stat is read past a name that looks like fields', () => {
  const text = '42 (a) S (b) R 7 42 42 0 -1 4194304 100 0 0 0 150 30 12 3 20 0 11 0 9000 1 2 3'
  expect(parseProcessStat(text)).toEqual({ parent: 7, cpuMs: 1800, reapedCpuMs: 150 })
})

test('memory is read in MB', () => {
  const status = 'Name:\tnode\nVmPeak:\t 900000 kB\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n'
  expect(parseMemory(status)).toEqual({ nowMb: 100, peakMb: 200 })
})

test('a machine is busy with all but idling, waiting for disks, and what was stolen', () => {
  expect(parseMachineLoad('cpu  10 2 5 1000 50 1 2 7 0 0\ncpu0 1 1 1 1\n')).toEqual({ busyMs: 200, stolenMs: 70 })
})
