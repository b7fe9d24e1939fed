import type { ConnectProvider, ConnectView } from '@alter-ai/core-contract';
import { Button, Icon, Notice, Spinner, TextInput, Tile } from '@alter-ai/ui';
import { type ReactNode, useState } from 'react';
import { LeaveButton } from '../parts/leave-button.js';
import type { Session } from '../session/use-session.js';
import { Actions, ScreenTitle } from './frame.js';

const searchFrom = 9;

/** Props of `Picker`. */
export interface PickerProps {
  view: ConnectView;
  session: Session;
  errorText: string | undefined;
  onPick: (provider: ConnectProvider) => void;
}

/** The providers of the session, with what is connected so far; ends with Done. */
export function Picker({ view, session, errorText, onPick }: PickerProps): ReactNode {
  const [search, setSearch] = useState('');
  const needle = search.trim().toLowerCase();
  const shown = view.providers.filter((provider) => provider.name.toLowerCase().includes(needle));
  const hasGrants = view.grants.length > 0;
  return (
    <>
      <ScreenTitle text="Connect your accounts">
        {view.app.name} asks to use accounts of yours. Choose one to see what for.
      </ScreenTitle>
      <div className="mt-5 flex flex-col gap-3">
        {errorText ? (
          <Notice tone="bad">{errorText}</Notice>
        ) : (
          view.notice && <Notice tone="warn">{view.notice.message}</Notice>
        )}
        {view.providers.length >= searchFrom && (
          <TextInput
            aria-label="Search"
            autoComplete="off"
            onChange={(event) => setSearch(event.target.value)}
            placeholder="Search"
            type="search"
            value={search}
          />
        )}
        {view.providers.length === 0 && (
          <Notice tone="warn">No account can be connected here. Go back to {view.app.name}.</Notice>
        )}
        <ul className="flex flex-col gap-2">
          {shown.map((provider) => (
            <li key={provider.id}>
              <ProviderRow onPick={onPick} provider={provider} session={session} view={view} />
            </li>
          ))}
        </ul>
        <p className="sr-only" role="status">
          {needle && `${shown.length} found`}
        </p>
        {needle && shown.length === 0 && (
          <p className="py-6 text-center text-sm text-soft">Nothing found for “{search.trim()}”.</p>
        )}
      </div>
      <Actions>
        <Button
          disabled={!hasGrants || (session.busyWith !== undefined && session.busyWith !== 'finish')}
          isBusy={session.busyWith === 'finish'}
          onClick={() => session.take({ name: 'finish' })}
        >
          Done
        </Button>
        {!hasGrants && <LeaveButton session={session} />}
      </Actions>
    </>
  );
}

function ProviderRow({
  provider,
  view,
  session,
  onPick,
}: Pick<PickerProps, 'view' | 'session' | 'onPick'> & { provider: ConnectProvider }): ReactNode {
  const accounts = view.grants
    .filter((grant) => grant.provider === provider.id)
    .map((grant) => grant.account_identifier);
  const wasDeclined = view.declined.some((item) => item.provider_id === provider.id);
  const existing = provider.connected.length;
  const isBusy = session.busyWith === provider.id;
  return (
    <button
      aria-busy={isBusy || undefined}
      className="flex min-h-15 w-full items-center gap-3 rounded-xl border border-line px-3 py-2.5 text-left transition-colors hover:border-edge hover:bg-raised"
      onClick={() => !session.busyWith && onPick(provider)}
      type="button"
    >
      <Tile name={provider.name} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{provider.name}</span>
        {accounts.length > 0 ? (
          <span className="flex items-center gap-1 text-[0.8125rem] text-good">
            <Icon className="size-4 shrink-0" name="check" />
            <span className="truncate">{accounts.join(', ')}</span>
          </span>
        ) : wasDeclined ? (
          <span className="block truncate text-[0.8125rem] text-warn">Declined. Select to try again</span>
        ) : (
          existing > 0 && (
            <span className="block truncate text-[0.8125rem] text-soft">
              In use: {existing === 1 ? provider.connected[0]?.account_identifier : `${existing} accounts`}
            </span>
          )
        )}
      </span>
      {isBusy ? (
        <Spinner className="size-5 text-soft" />
      ) : (
        <Icon className="size-5 text-soft" name="forward" />
      )}
    </button>
  );
}
