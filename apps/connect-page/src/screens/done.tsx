import type { ConnectView } from '@alter-ai/core-contract';
import { Button, StatusMark, Tile } from '@alter-ai/ui';
import type { ReactNode } from 'react';
import { isPopup } from '../session/opener.js';
import { useEnding } from '../session/use-ending.js';
import { nameKey } from '../wording/name-key.js';
import { Actions, ScreenTitle } from './frame.js';

/** The session is complete: which accounts, and how the user gets back. */
export function Done({ view }: { view: ConnectView }): ReactNode {
  const ending = useEnding(view);
  return (
    <>
      <div className="mb-4">
        <StatusMark tone="good" />
      </div>
      <ScreenTitle text={describeEnd(view)}>
        {ending === 'returning' && `Taking you back to ${view.app.name}…`}
        {ending === 'closing' && 'This window closes by itself.'}
        {ending === 'stays' && `You can close this window and go back to ${view.app.name}.`}
      </ScreenTitle>
      <ul className="mt-5 flex flex-col gap-2">
        {view.grants.map((grant) => (
          <li
            className="flex items-center gap-3 rounded-xl border border-line px-3 py-2.5"
            key={grant.grant_id}
          >
            <Tile name={grant.provider_name} />
            <span className="min-w-0 flex-1">
              <span className="block truncate font-medium">{grant.provider_name}</span>
              {grant.account_identifier !== grant.provider_name && (
                <span className="block truncate text-[0.8125rem] text-soft" title={grant.account_identifier}>
                  {grant.account_identifier}
                </span>
              )}
            </span>
          </li>
        ))}
      </ul>
      <WayBack view={view} />
    </>
  );
}

function describeEnd({ grants, key_entry: entry }: ConnectView): string {
  if (entry) return nameKey(entry) === 'key' ? 'Your key is stored' : 'Your credentials are stored';
  return grants.length > 1 ? 'Your accounts are connected' : 'Your account is connected';
}

/** The way back for when nothing happens by itself: a popup closes, a page links to the app where it has an address. */
export function WayBack({ view }: { view: ConnectView }): ReactNode {
  if (isPopup()) {
    return (
      <Actions>
        <Button kind="secondary" onClick={() => window.close()}>
          Close window
        </Button>
      </Actions>
    );
  }
  const href = view.return_to ?? view.app.website_url;
  if (!href || !/^https?:\/\//.test(href)) return null;
  return (
    <Actions>
      <Button asChild kind="secondary">
        <a href={href}>Back to {view.app.name}</a>
      </Button>
    </Actions>
  );
}
