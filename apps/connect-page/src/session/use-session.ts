import type { ConnectView } from '@alter-ai/core-contract';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useEffectEvent, useState } from 'react';
import {
  type AuthorizeChoice,
  type Entry,
  openSession,
  type Step,
  startAuthorization,
  takeStep,
} from './api.js';
import { showHandle } from './entry.js';
import { rememberPopup, tellPlace } from './opener.js';
import { PageError, readErrorCode } from './page-error.js';

const viewKey = ['view'];
/** How long the provider's page may take to replace this one. */
const leaveTimeoutMs = 20_000;

/** The session as the screens use it. */
export interface Session {
  view: ConnectView | undefined;
  /** Why there is no view. */
  loadError: unknown;
  reload: () => void;
  /** Goes to the provider. */
  authorize: (choice: AuthorizeChoice) => void;
  take: (step: Step) => void;
  /** What runs: a provider's id, a step's name, or nothing. */
  busyWith: string | undefined;
  /** Why the last thing did not work. */
  actionError: unknown;
}

/** Loads the session and offers what can be done with it. */
export function useSession(entry: Entry): Session {
  const client = useQueryClient();
  const [leavingTo, setLeavingTo] = useState<string>();
  const [isOverdue, setOverdue] = useState(false);
  const query = useQuery({
    queryKey: viewKey,
    queryFn: async () => {
      const known = client.getQueryData<ConnectView>(viewKey);
      const view = await openSession(known ? { handle: known.handle } : entry);
      showHandle(view.handle);
      return view;
    },
    retry: (count, error) => count < 2 && readErrorCode(error) === 'network',
    retryDelay: 1000,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    networkMode: 'always',
  });
  const view = query.data;

  const step = useMutation({
    mutationFn: (next: Step) => takeStep(view?.handle ?? '', next),
    onSuccess: (next, taken) => {
      client.setQueryData(viewKey, next);
      if (taken.name === 'resolve-mismatch' && taken.choice === 'retry')
        retryProvider(next, view?.mismatch?.provider_id);
    },
    onError: (error) => reloadIfOver(error),
    networkMode: 'always',
  });
  const authorization = useMutation({
    mutationFn: (choice: AuthorizeChoice) => startAuthorization(view?.handle ?? '', choice),
    onSuccess: (url, { provider_id }) => {
      setLeavingTo(provider_id);
      if (view) tellPlace(view, 'leaving');
      location.assign(url);
    },
    onError: (error) => reloadIfOver(error),
    networkMode: 'always',
  });
  const reload = (): void => {
    step.reset();
    authorization.reset();
    setLeavingTo(undefined);
    setOverdue(false);
    void query.refetch();
  };
  /** Trying again means the provider at once, unless it needs something typed first. */
  const retryProvider = (next: ConnectView, id: string | undefined): void => {
    const provider = next.providers.find((candidate) => candidate.id === id);
    if (next.state === 'open' && provider?.parameters.length === 0)
      authorization.mutate({ provider_id: provider.id });
  };
  const reloadIfOver = (error: unknown): void => {
    if (readErrorCode(error) === 'session_not_open') void query.refetch();
  };

  useLeaving(view, leavingTo, reload);
  useExpiry(view, query.dataUpdatedAt, reload);
  useEffect(() => {
    if (!leavingTo) return;
    const timer = setTimeout(() => {
      setOverdue(true);
      setLeavingTo(undefined);
    }, leaveTimeoutMs);
    return () => clearTimeout(timer);
  }, [leavingTo]);

  const authorizing = authorization.isPending ? authorization.variables.provider_id : undefined;
  return {
    view,
    loadError: query.error,
    reload,
    authorize: (choice) => {
      setOverdue(false);
      authorization.mutate(choice);
    },
    take: (next) => step.mutate(next),
    busyWith: leavingTo ?? authorizing ?? (step.isPending ? step.variables.name : undefined),
    actionError: isOverdue
      ? new PageError('timeout', 'The provider did not answer.')
      : (authorization.error ?? step.error),
  };
}

/** Tells the opener where this window is, and starts afresh when the browser's back button unfreezes the page. */
function useLeaving(view: ConnectView | undefined, leavingTo: string | undefined, reload: () => void): void {
  const resume = useEffectEvent((event: PageTransitionEvent) => {
    if (event.persisted) reload();
  });
  useEffect(rememberPopup, []);
  useEffect(() => {
    if (view && !leavingTo) tellPlace(view, 'page');
    const leave = (): void => {
      if (view && leavingTo) tellPlace(view, 'left');
    };
    addEventListener('pagehide', leave);
    addEventListener('pageshow', resume);
    return () => {
      removeEventListener('pagehide', leave);
      removeEventListener('pageshow', resume);
    };
  }, [view, leavingTo]);
}

/** Asks the vault again once the session should be over; its clock decides, not this one's. */
function useExpiry(view: ConnectView | undefined, checkedAt: number, reload: () => void): void {
  const expiresAt = view?.expires_at;
  const isRunning = view?.state === 'open' || view?.state === 'mismatch';
  const check = useEffectEvent(reload);
  useEffect(() => {
    if (!isRunning || !expiresAt) return;
    const waitMs = Math.max(Date.parse(expiresAt) - checkedAt + 500, 15_000);
    // Timers hold at most 2^31 ms; a session lives 24 h at most.
    const timer = setTimeout(() => check(), Math.min(waitMs, 86_400_000));
    return () => clearTimeout(timer);
  }, [isRunning, expiresAt, checkedAt]);
}
