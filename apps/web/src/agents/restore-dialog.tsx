import { changedFields, type Agent, type AgentVersion } from '@flotilla/domain'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { client } from '../api/client.ts'
import { Button } from '../parts/button.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Problem } from '../parts/notice.tsx'
import { VersionDiff } from './version-diff.tsx'

type RestoreDialogProps = Readonly<{ agent: Agent; version: AgentVersion; onClose: () => void }>

/** Shows what would change, then saves an earlier version as the newest. */
export function RestoreDialog({ agent, version, onClose }: RestoreDialogProps) {
  const queries = useQueryClient()
  const restore = useMutation({
    mutationFn: () => client.agents.replace(agent.id, version.definition),
    onSuccess: (saved) => {
      onClose()
      queries.setQueryData(['agent', agent.id], saved)
      void queries.invalidateQueries({ queryKey: ['agents'] })
    },
  })
  const same = changedFields(agent, version.definition).length === 0
  return (
    <Dialog label={`Restore version ${version.version}`} onClose={onClose}>
      <div className="flex flex-col gap-3 p-4">
        <h2 className="text-lead">Restore version {version.version}?</h2>
        <p>
          {same
            ? 'It is the same as the agent is now: there is nothing to restore.'
            : `It becomes version ${agent.version + 1}. What is typed in the form and not saved is left behind. This changes:`}
        </p>
        <VersionDiff before={agent} after={version.definition} />
        {restore.error !== null && <Problem error={restore.error} what="It was not restored." of="write" />}
        <div className="flex gap-2">
          <Button kind="primary" disabled={same || restore.isPending} onClick={() => restore.mutate()}>
            Restore as a new version
          </Button>
          <Button onClick={onClose}>Leave it as it is</Button>
        </div>
      </div>
    </Dialog>
  )
}
