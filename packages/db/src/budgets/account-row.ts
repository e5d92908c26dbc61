import type { BudgetAccount, BudgetDimension } from '@flotilla/domain'

/** An account as the record tells it: a dimension without a limit is null there. */
export type AccountRow = Omit<BudgetAccount, 'limits'> & Readonly<{ limits: Record<BudgetDimension, number | null> }>

export const withoutNulls = (row: AccountRow): BudgetAccount => ({
  ...row,
  limits: Object.fromEntries(Object.entries(row.limits).filter(([, value]) => value !== null)),
})
