import type { ConnectView } from '@alter-ai/core-contract';
import { useEffect, useState } from 'react';
import { isPopup, tellResult } from './opener.js';

/** How long an opener has to take the result and close this window. */
const openerMs = 1500;

/** What the page still does by itself after the end. */
export type Ending = 'closing' | 'returning' | 'stays';

/** Hands the result over: message to the opener, return to the app, or neither; what is left for the user to do. */
export function useEnding(view: ConnectView): Ending {
  const [ending, setEnding] = useState<Ending>(() => planEnding(view));
  useEffect(() => {
    const timers: ReturnType<typeof setTimeout>[] = [];
    const returnToApp = (): void => {
      if (!view.return_to) return;
      setEnding('returning');
      location.replace(view.return_to);
    };
    const close = (): void => {
      window.close();
      timers.push(setTimeout(() => setEnding('stays'), 500));
    };
    const isCancelled = view.error?.code === 'connect_cancelled';
    if (window.opener) {
      tellResult(view);
      // The library closes this window when it has the result. Still here: nobody listened.
      if (view.return_to) timers.push(setTimeout(returnToApp, openerMs));
      else if (view.state === 'completed' || isCancelled)
        timers.push(setTimeout(close, isCancelled ? 0 : openerMs));
    } else if (isPopup()) {
      if (view.state === 'completed' || isCancelled)
        timers.push(setTimeout(close, isCancelled ? 0 : openerMs));
    } else returnToApp();
    return () => timers.forEach(clearTimeout);
  }, [view]);
  return ending;
}

function planEnding(view: ConnectView): Ending {
  if (!isPopup() && view.return_to) return 'returning';
  return isPopup() && view.state === 'completed' ? 'closing' : 'stays';
}
