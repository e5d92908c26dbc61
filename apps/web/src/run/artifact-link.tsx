const addressOf = (runId: string, name: string): string =>
  `/v1/runs/${encodeURIComponent(runId)}/artifacts/${encodeURIComponent(name)}`

export const ArtifactLink = ({ runId, name }: Readonly<{ runId: string; name: string }>) => (
  <a className="text-accent underline" href={addressOf(runId, name)} download={name}>
    {name}
  </a>
)
