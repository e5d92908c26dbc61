import { readTaskName, type ClaimedTask, type Db, type TaskName } from '@flotilla/db'

type Claim = Pick<ClaimedTask, 'runId' | 'idx' | 'attempt'>

/** Names a task in a log line as API and command line do; by the record's numbers where its names are not known. */
export const taskFields = ({ runId, idx, attempt }: Claim, name: TaskName | null) =>
  name === null ? { runNumber: runId, taskNumber: idx, attempt } : { runId: name.runUid, task: name.key, attempt }

/** The same where nothing is known of the task yet. Never rejects: the line is wanted most when the record is away. */
export const findTaskFields = async (db: Db, task: Claim): Promise<ReturnType<typeof taskFields>> =>
  taskFields(task, await readTaskName(db, task).catch(() => null))
