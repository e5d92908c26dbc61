import { Link, type ErrorComponentProps } from '@tanstack/react-router'
import { Button } from '../parts/button.tsx'
import { Empty, Problem } from '../parts/notice.tsx'
import { Page } from '../parts/page.tsx'

export const NotFound = () => (
  <Page title="There is no such page">
    <Empty title="Nothing is at this address.">
      It may have been mistyped.{' '}
      <Link to="/" className="text-accent underline">
        All runs
      </Link>
    </Empty>
  </Page>
)

/** A bug, or a part of the app that could not be fetched. */
export const Broken = ({ error, reset }: ErrorComponentProps) => (
  <Page title="This page has failed">
    <Problem error={error} what="Something went wrong while this page was shown." />
    <p>
      <Button onClick={reset}>Try again</Button>
    </p>
  </Page>
)
