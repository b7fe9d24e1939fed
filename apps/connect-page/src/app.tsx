import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { applyBranding } from './branding/apply-branding.js';
import { Consent } from './screens/consent.js';
import { Done } from './screens/done.js';
import { Frame } from './screens/frame.js';
import { KeyEntryScreen } from './screens/key-entry.js';
import { Loading } from './screens/loading.js';
import { Mismatch } from './screens/mismatch.js';
import { Picker } from './screens/picker.js';
import { Ended, Problem } from './screens/problem.js';
import type { Entry } from './session/api.js';
import { PageError, readErrorCode } from './session/page-error.js';
import { type Session, useSession } from './session/use-session.js';
import { describeActionError } from './wording/problems.js';

/** The connect page; without an entry there is no session to show. */
export function App({ entry }: { entry: Entry | undefined }): ReactNode {
  const [client] = useState(() => new QueryClient());
  if (!entry) {
    return (
      <Frame app={undefined}>
        <Problem code="session_not_found" />
      </Frame>
    );
  }
  return (
    <QueryClientProvider client={client}>
      <SessionScreens entry={entry} />
    </QueryClientProvider>
  );
}

function SessionScreens({ entry }: { entry: Entry }): ReactNode {
  const session = useSession(entry);
  const { view, loadError } = session;
  const primaryColor = view?.app.primary_color ?? null;
  useEffect(() => applyBranding(primaryColor, document.documentElement), [primaryColor]);
  if (view) {
    return (
      <Frame app={view.app} isKeyEntry={view.key_entry !== null} user={view.user?.display}>
        <Screen isFirstVisit={'session_token' in entry} session={session} view={view} />
      </Frame>
    );
  }
  return (
    <Frame app={undefined}>
      {loadError ? (
        <Problem
          code={readErrorCode(loadError)}
          detail={loadError instanceof PageError ? loadError.message : undefined}
          onRetry={session.reload}
          reference={loadError instanceof PageError ? loadError.reference : undefined}
        />
      ) : (
        <Loading />
      )}
    </Frame>
  );
}

interface ScreenProps {
  view: NonNullable<Session['view']>;
  session: Session;
  /** False after the way to a provider and back, or a reload: then nothing starts by itself. */
  isFirstVisit: boolean;
}

function Screen({ view, session, isFirstVisit }: ScreenProps): ReactNode {
  const [pickedId, setPickedId] = useState<string>();
  // An account that was added without leaving the page ends the consent it was chosen in.
  useEffect(() => setPickedId(undefined), [view.grants.length]);
  const only = view.is_single_provider ? view.providers[0] : undefined;
  const provider = only ?? view.providers.find(({ id }) => id === pickedId);
  const errorText = session.actionError
    ? describeActionError(
        readErrorCode(session.actionError),
        provider?.name ?? view.key_entry?.name ?? 'The server',
      )
    : undefined;
  const isForwarding = useDirect(view, session, isFirstVisit);

  if (view.state === 'completed') return <Done view={view} />;
  if (view.state === 'error' || view.state === 'expired') return <Ended view={view} />;
  if (view.state === 'mismatch' && view.mismatch) {
    return <Mismatch errorText={errorText} mismatch={view.mismatch} session={session} view={view} />;
  }
  if (view.key_entry) {
    return <KeyEntryScreen entry={view.key_entry} errorText={errorText} session={session} view={view} />;
  }
  if (isForwarding && only) return <Loading text={`Opening ${only.name}`} />;
  if (provider) {
    return (
      <Consent
        errorText={errorText}
        key={provider.id}
        onBack={only ? undefined : () => setPickedId(undefined)}
        provider={provider}
        session={session}
        view={view}
      />
    );
  }
  return <Picker errorText={errorText} onPick={({ id }) => setPickedId(id)} session={session} view={view} />;
}

/** Sends a direct session straight to its provider, once; true while that goes on. */
function useDirect(view: ScreenProps['view'], session: Session, isFirstVisit: boolean): boolean {
  const hasStarted = useRef(false);
  const [only] = view.providers;
  const isWanted =
    isFirstVisit &&
    view.is_direct &&
    view.state === 'open' &&
    !view.notice &&
    view.providers.length === 1 &&
    only?.parameters.length === 0;
  useEffect(() => {
    if (!isWanted || !only || hasStarted.current) return;
    hasStarted.current = true;
    session.authorize({ provider_id: only.id });
  });
  return isWanted && !session.actionError && (!hasStarted.current || session.busyWith !== undefined);
}
