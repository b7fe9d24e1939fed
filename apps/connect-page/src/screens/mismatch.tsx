import type { ConnectView } from '@alter-ai/core-contract';
import { Button, Notice, StatusMark } from '@alter-ai/ui';
import type { ReactNode } from 'react';
import type { Session } from '../session/use-session.js';
import { Actions, ScreenTitle } from './frame.js';

/** Props of `Mismatch`. */
export interface MismatchProps {
  view: ConnectView;
  mismatch: NonNullable<ConnectView['mismatch']>;
  session: Session;
  errorText: string | undefined;
}

/** Another account than the expected one was signed in: nothing is overwritten, the user decides (C5). */
export function Mismatch({ view, mismatch, session, errorText }: MismatchProps): ReactNode {
  const name = view.providers.find(({ id }) => id === mismatch.provider_id)?.name ?? mismatch.provider_id;
  const choose = (choice: 'add' | 'retry' | 'cancel') => () =>
    session.take({ name: 'resolve-mismatch', choice });
  const isBusy = session.busyWith === 'resolve-mismatch';
  return (
    <>
      <div className="mb-4">
        <StatusMark icon="swap" tone="warn" />
      </div>
      <ScreenTitle text="That is a different account">
        This connection belongs to another {name} account. Nothing has been changed.
      </ScreenTitle>
      <dl className="mt-5 divide-y divide-line rounded-xl border border-line text-sm">
        {[
          ['Expected', mismatch.expected],
          ['You signed in as', mismatch.actual],
        ].map(([term, account]) => (
          <div className="px-3 py-2.5" key={term}>
            <dt className="text-[0.8125rem] text-soft">{term}</dt>
            <dd className="font-medium [overflow-wrap:anywhere]">{account}</dd>
          </div>
        ))}
      </dl>
      {errorText && (
        <div className="mt-4">
          <Notice tone="bad">{errorText}</Notice>
        </div>
      )}
      <Actions>
        <Button isBusy={isBusy} onClick={choose('retry')}>
          Try again with the expected account
        </Button>
        <Button disabled={isBusy} kind="secondary" onClick={choose('add')}>
          Add as another account
        </Button>
        <Button disabled={isBusy} kind="quiet" onClick={choose('cancel')}>
          Cancel
        </Button>
      </Actions>
    </>
  );
}
