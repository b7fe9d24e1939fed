import type { ConnectView, KeyEntry } from '@alter-ai/core-contract';
import { Button, Notice } from '@alter-ai/ui';
import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { KeyFields } from '../parts/key-fields.js';
import { findKeyErrors, tidyKeys } from '../parts/key-rules.js';
import { LeaveButton } from '../parts/leave-button.js';
import { LifetimeChoice } from '../parts/lifetime-choice.js';
import { PageError } from '../session/page-error.js';
import type { Session } from '../session/use-session.js';
import { joinHosts } from '../wording/hosts.js';
import { nameKey } from '../wording/name-key.js';
import { Actions, ScreenTitle } from './frame.js';

/** Props of `KeyEntryScreen`. */
export interface KeyEntryScreenProps {
  view: ConnectView;
  entry: KeyEntry;
  session: Session;
  errorText: string | undefined;
}

/** Asks for a key of the user's own; what is typed leaves this page once and is never shown again. */
export function KeyEntryScreen({ view, entry, session, errorText }: KeyEntryScreenProps): ReactNode {
  const isKnown = entry.existing !== null && !entry.is_repair;
  const [isTyping, setTyping] = useState(!isKnown);
  return isTyping ? (
    <KeyForm
      entry={entry}
      errorText={errorText}
      onBack={isKnown ? () => setTyping(false) : undefined}
      session={session}
      view={view}
    />
  ) : (
    <KnownKey
      entry={entry}
      errorText={errorText}
      onType={() => setTyping(true)}
      session={session}
      view={view}
    />
  );
}

/** The user has a key here already: use it, or put another one in its place. */
function KnownKey({
  view,
  entry,
  session,
  errorText,
  onType,
}: KeyEntryScreenProps & { onType: () => void }): ReactNode {
  const { existing } = entry;
  const noun = nameKey(entry);
  return (
    <>
      <ScreenTitle text={`Let ${view.app.name} use your ${entry.name} ${noun}?`}>
        {`${noun === 'key' ? 'A key' : 'Credentials'}${existing?.label ? ` named “${existing.label}”` : ''} ${noun === 'key' ? 'is' : 'are'} stored for you already. ${view.app.name} can make calls with it to ${joinHosts(entry.hosts)}, and to no other place. You can take this access back at any time.`}
      </ScreenTitle>
      {errorText && (
        <div className="mt-5">
          <Notice tone="bad">{errorText}</Notice>
        </div>
      )}
      <Actions>
        <Button
          isBusy={session.busyWith === 'use-existing'}
          onClick={() => existing && session.take({ name: 'use-existing', grant_id: existing.grant_id })}
        >
          {`Continue with ${noun === 'key' ? 'this key' : 'these credentials'}`}
        </Button>
        {existing?.is_replaceable && (
          <Button kind="secondary" onClick={onType}>
            {noun === 'key' ? 'Enter another key' : 'Enter others'}
          </Button>
        )}
        <LeaveButton session={session} />
      </Actions>
    </>
  );
}

function KeyForm({
  view,
  entry,
  session,
  errorText,
  onBack,
}: KeyEntryScreenProps & { onBack: (() => void) | undefined }): ReactNode {
  const noun = nameKey(entry);
  const form = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState<Record<string, string>>({});
  const [wasSent, setSent] = useState(false);
  const [lifetime, setLifetime] = useState(view.lifetime.default_seconds ?? view.lifetime.max_seconds);
  const refused =
    session.actionError instanceof PageError ? session.actionError.field?.replace('fields.', '') : undefined;
  const tidy = tidyKeys(values);
  const errors: Record<string, string> = wasSent ? findKeyErrors(entry.fields, tidy) : {};
  if (refused && wasSent && !errors[refused])
    errors[refused] = 'This was not accepted. Check it and try again.';

  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (session.busyWith) return;
    setSent(true);
    const [first] = Object.keys(findKeyErrors(entry.fields, tidy));
    if (first) {
      form.current?.querySelector<HTMLElement>(`[name="${CSS.escape(first)}"]`)?.focus();
      return;
    }
    session.take({
      name: 'enter-key',
      fields: tidy,
      ...(lifetime !== null && lifetime !== view.lifetime.default_seconds && { lifetime_seconds: lifetime }),
    });
  };

  return (
    <form className="flex flex-1 flex-col" noValidate onSubmit={submit} ref={form}>
      <ScreenTitle text={`${entry.is_repair ? 'Replace' : 'Enter'} your ${entry.name} ${noun}`}>
        {`${view.app.name} can make calls with ${noun === 'key' ? 'it' : 'them'} to ${joinHosts(entry.hosts)}, and to no other place. What you enter is stored encrypted and never shown again, and you can take it back at any time.`}
      </ScreenTitle>
      <div className="mt-5 flex flex-col gap-5">
        {errorText && !refused && <Notice tone="bad">{errorText}</Notice>}
        <KeyFields
          errors={errors}
          fields={entry.fields}
          onChange={(name, value) => setValues({ ...values, [name]: value })}
          values={values}
        />
        {entry.documentation_url && (
          <p className="-mt-3 text-[0.8125rem] leading-5 text-soft">
            <a className="underline" href={entry.documentation_url} rel="noreferrer" target="_blank">
              Where to find it at {entry.name}
            </a>
          </p>
        )}
        {!view.is_direct && <LifetimeChoice bounds={view.lifetime} onChange={setLifetime} value={lifetime} />}
      </div>
      <Actions>
        <Button isBusy={session.busyWith === 'enter-key'} type="submit">
          {`${entry.is_repair || onBack ? 'Replace' : 'Store'} ${noun}`}
        </Button>
        <LeaveButton onBack={onBack} session={session} />
      </Actions>
    </form>
  );
}
