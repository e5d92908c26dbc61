import { APPROVAL_STATUSES, type ApprovalStatus } from '@flotilla/domain'

export type ApprovalSearch = Readonly<{ status?: ApprovalStatus | undefined }>

/** Of an address; what is pending without one. */
export function readApprovals(search: Readonly<Record<string, unknown>>): ApprovalSearch {
  const status = APPROVAL_STATUSES.find((one) => one === search['status'])
  return status === undefined || status === 'pending' ? {} : { status }
}
