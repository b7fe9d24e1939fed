import type { ConnectProvider, ConnectView } from '@alter-ai/core-contract';
import { Button, Disclosure, Notice, Tile } from '@alter-ai/ui';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { ExistingAccounts } from '../parts/existing-accounts.js';
import { LeaveButton } from '../parts/leave-button.js';
import { LifetimeChoice } from '../parts/lifetime-choice.js';
import { ParameterFields } from '../parts/parameter-fields.js';
import { fillDefaults, findParameterErrors } from '../parts/parameter-rules.js';
import { ScopeList } from '../parts/scope-list.js';
import { PageError } from '../session/page-error.js';
import type { Session } from '../session/use-session.js';
import { countPermissions } from '../wording/scopes.js';
import { Actions, ScreenTitle } from './frame.js';

/** Props of `Consent`. */
export interface ConsentProps {
  view: ConnectView;
  provider: ConnectProvider;
  session: Session;
  errorText: string | undefined;
  /** Missing when there is nothing to go back to. */
  onBack?: (() => void) | undefined;
}

/** What one provider is asked for, by whom and for how long; ends at the provider. */
export function Consent({ view, provider, session, errorText, onBack }: ConsentProps): ReactNode {
  const form = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState(() => fillDefaults(provider.parameters));
  const [wasSent, setSent] = useState(false);
  const [lifetime, setLifetime] = useState(view.lifetime.default_seconds ?? view.lifetime.max_seconds);
  const errors = wasSent ? findParameterErrors(provider.parameters, values) : {};
  const refused =
    session.actionError instanceof PageError
      ? session.actionError.field?.replace('parameters.', '')
      : undefined;
  const isBusy = session.busyWith === provider.id;

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (session.busyWith) return;
    setSent(true);
    const [first] = Object.keys(findParameterErrors(provider.parameters, values));
    if (first) {
      form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(first)}"]`)?.focus();
      return;
    }
    session.authorize({
      provider_id: provider.id,
      ...(provider.parameters.length > 0 && { parameters: values }),
      ...(lifetime !== null && lifetime !== view.lifetime.default_seconds && { lifetime_seconds: lifetime }),
      ...(provider.connected.length > 0 && { add_account: true }),
    });
  };

  return (
    <form className="flex flex-1 flex-col" noValidate onSubmit={submit} ref={form}>
      <ScreenTitle text={`Let ${view.app.name} use your ${provider.name} account?`}>
        You can take this access back at any time.
      </ScreenTitle>
      <div className="mt-5 flex flex-col gap-5">
        {errorText ? (
          <Notice tone="bad">{errorText}</Notice>
        ) : (
          !onBack && view.notice && <Notice tone="warn">{view.notice.message}</Notice>
        )}
        <ExistingAccounts provider={provider} session={session} />
        <Disclosure
          isOpenAtFirst={provider.scopes.length > 0}
          summary={
            <span className="flex items-center gap-3">
              <Tile name={provider.name} />
              <span className="min-w-0">
                <span className="block truncate font-medium">{provider.name}</span>
                <span className="block text-[0.8125rem] text-soft">
                  {countPermissions(provider.scopes.length)}
                </span>
              </span>
            </span>
          }
        >
          <ScopeList scopes={provider.scopes} />
        </Disclosure>
        <ParameterFields
          errors={
            refused && wasSent && !errors[refused]
              ? { ...errors, [refused]: 'This was not accepted. Check it and try again.' }
              : errors
          }
          onChange={(name, value) => setValues({ ...values, [name]: value })}
          parameters={provider.parameters}
          values={values}
        />
        <LifetimeChoice bounds={view.lifetime} onChange={setLifetime} value={lifetime} />
      </div>
      <Actions>
        <p className="text-center text-[0.8125rem] leading-5 text-soft" role="status">
          {isBusy ? `Opening ${provider.name}…` : `Next, you sign in at ${provider.name}.`}
        </p>
        <Button isBusy={isBusy} type="submit">
          {provider.connected.length > 0 ? 'Connect another account' : 'Continue'}
        </Button>
        <LeaveButton onBack={onBack} session={session} />
      </Actions>
    </form>
  );
}
