import { Button } from '@alter-ai/ui';
import type { ReactNode } from 'react';
import type { Session } from '../session/use-session.js';

/** Leaves a screen: to the one before it, where there is one; else it ends the session. */
export function LeaveButton({
  session,
  onBack,
}: {
  session: Session;
  onBack?: (() => void) | undefined;
}): ReactNode {
  return (
    <Button
      isBusy={session.busyWith === 'cancel'}
      kind="quiet"
      onClick={onBack ?? (() => session.take({ name: 'cancel' }))}
    >
      {onBack ? 'Back' : 'Cancel'}
    </Button>
  );
}
