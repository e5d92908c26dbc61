import { ATTEMPT_MUTANTS } from './attempt-mutants.ts'
import { CONTROL_MUTANTS } from './control-mutants.ts'
import { ENGINE_MUTANTS } from './engine-mutants.ts'
import { MONEY_MUTANTS } from './money-mutants.ts'
import type { Mutant } from './mutant.ts'
import { RETENTION_MUTANTS } from './retention-mutants.ts'
import { RUN_MUTANTS } from './run-mutants.ts'
import { SHARE_MUTANTS } from './share-mutants.ts'
import { SIMULATION_MUTANTS } from './simulation-mutants.ts'
import { STEP_MUTANTS } from './step-mutants.ts'
import { WORK_MUTANTS } from './work-mutants.ts'

/** A mutant for each line that a promise stands on. */
export const CATALOGUE: readonly Mutant[] = [
  ...STEP_MUTANTS,
  ...WORK_MUTANTS,
  ...RUN_MUTANTS,
  ...ATTEMPT_MUTANTS,
  ...CONTROL_MUTANTS,
  ...SIMULATION_MUTANTS,
  ...ENGINE_MUTANTS,
  ...MONEY_MUTANTS,
  ...RETENTION_MUTANTS,
  ...SHARE_MUTANTS,
]
