import type { ConnectView } from '@alter-ai/core-contract';
import { Button, StatusMark } from '@alter-ai/ui';
import type { ReactNode } from 'react';
import { useEnding } from '../session/use-ending.js';
import { describeProblem } from '../wording/problems.js';
import { WayBack } from './done.js';
import { Actions, ScreenTitle } from './frame.js';

/** Props of `Problem`. */
export interface ProblemProps {
  code: string;
  appName?: string | undefined;
  /** What the vault says about it, for the app's developer. */
  detail?: string | undefined;
  reference?: string | undefined;
  onRetry?: (() => void) | undefined;
  children?: ReactNode;
}

/** What happened and what to do about it. */
export function Problem({
  code,
  appName = 'the app',
  detail,
  reference,
  onRetry,
  children,
}: ProblemProps): ReactNode {
  const problem = describeProblem(code, appName);
  return (
    <>
      <div className="mb-4">
        <StatusMark tone={problem.tone} />
      </div>
      <ScreenTitle text={problem.title}>{problem.text}</ScreenTitle>
      {problem.isForDeveloper && (reference || detail) && (
        <dl className="mt-5 flex flex-col gap-2 rounded-xl bg-raised px-3 py-3 text-[0.8125rem] leading-5">
          <div>
            <dt className="text-soft">What happened</dt>
            <dd className="[overflow-wrap:anywhere]">
              {detail} <code className="font-mono text-soft">{code}</code>
            </dd>
          </div>
          {reference && (
            <div>
              <dt className="text-soft">Reference</dt>
              <dd className="font-mono [overflow-wrap:anywhere] select-all">{reference}</dd>
            </div>
          )}
        </dl>
      )}
      {problem.canRetry && onRetry && (
        <Actions>
          <Button onClick={onRetry}>Try again</Button>
        </Actions>
      )}
      {children}
    </>
  );
}

/** The session ended without a connection. */
export function Ended({ view }: { view: ConnectView }): ReactNode {
  const ending = useEnding(view);
  const code = view.error?.code ?? 'session_expired';
  return (
    <Problem
      appName={view.app.name}
      code={code}
      detail={view.error?.message}
      reference={view.error?.reference}
    >
      {ending === 'returning' && (
        <p className="mt-4 text-sm text-soft">Taking you back to {view.app.name}…</p>
      )}
      <WayBack view={view} />
    </Problem>
  );
}
