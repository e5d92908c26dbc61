import { useBlocker } from '@tanstack/react-router'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'

/** Asks before what was typed is left behind. */
export function LeaveDialog({ dirty }: Readonly<{ dirty: boolean }>) {
  const blocker = useBlocker({ shouldBlockFn: () => dirty, enableBeforeUnload: dirty, withResolver: true })
  if (blocker.status !== 'blocked') return null
  return (
    <Dialog label="Leave the form" onClose={blocker.reset}>
      <div className="flex flex-col gap-3 p-4">
        <h2 className="text-lead">Leave without saving?</h2>
        <p>What you changed here is not saved yet.</p>
        <div className="flex gap-2">
          <Button onClick={blocker.reset}>Go back to it</Button>
          <Button kind="danger" onClick={blocker.proceed}>
            Leave it
          </Button>
        </div>
      </div>
    </Dialog>
  )
}
