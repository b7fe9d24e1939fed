import type { ConnectProvider } from '@alter-ai/core-contract';
import { Button } from '@alter-ai/ui';
import type { ReactNode } from 'react';
import type { Session } from '../session/use-session.js';

/** The accounts that are connected already, each to be used as it is. */
export function ExistingAccounts({
  provider,
  session,
}: {
  provider: ConnectProvider;
  session: Session;
}): ReactNode {
  if (provider.connected.length === 0) return null;
  return (
    <section aria-label="Already connected" className="flex flex-col gap-2">
      <h2 className="text-sm font-medium">Already connected</h2>
      <ul className="flex flex-col gap-2">
        {provider.connected.map((account) => (
          <li
            className="flex items-center gap-3 rounded-xl border border-line py-1.5 pr-1.5 pl-3"
            key={account.grant_id}
          >
            <span className="min-w-0 flex-1">
              {account.account_display_name && (
                <span className="block truncate text-[0.9375rem]">{account.account_display_name}</span>
              )}
              <span className="block truncate text-[0.8125rem] text-soft" title={account.account_identifier}>
                {account.account_identifier}
              </span>
            </span>
            <Button
              aria-label={`Use ${account.account_identifier}`}
              disabled={session.busyWith !== undefined}
              kind="secondary"
              onClick={() => session.take({ name: 'use-existing', grant_id: account.grant_id })}
            >
              Use
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
