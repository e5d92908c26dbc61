type Workflow = () => Promise<number>

/** As much of DBOS's SDK as the bench uses. */
export type DbosSdk = Readonly<{
  DBOS: Readonly<{
    setConfig(
      config: Readonly<{
        name: string
        systemDatabaseUrl: string
        systemDatabasePoolSize: number
        applicationVersion: string
        logLevel: string
        runAdminServer: boolean
      }>,
    ): void
    launch(): Promise<void>
    registerWorkflow(workflow: Workflow, config: Readonly<{ name: string }>): Workflow
    startWorkflow(
      workflow: Workflow,
      options: Readonly<{ workflowID: string }>,
    ): () => Promise<Readonly<{ getResult(): Promise<number> }>>
    /** A step whose result is in the database when the promise is kept. */
    runStep(step: () => Promise<number>, config: Readonly<{ name: string }>): Promise<number>
  }>
}>

export const SDK: string = '@dbos-inc/dbos-sdk'
/** Connections, as BullMQ on Postgres has. */
export const POOL = 20
