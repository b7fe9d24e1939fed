import { type ReactNode, useEffect, useState } from 'react';

/** The shape of what comes, for as long as the request may take; says so when it takes longer than usual. */
export function Loading({ text = 'Loading' }: { text?: string }): ReactNode {
  const [isSlow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 5000);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div className="flex flex-1 flex-col gap-3">
      <h1 className="sr-only">{text}</h1>
      <div className="h-7 w-3/4 animate-pulse rounded-md bg-line" />
      <div className="h-5 w-full animate-pulse rounded-md bg-line" />
      <div className="mt-4 h-14 w-full animate-pulse rounded-xl bg-line" />
      <div className="h-14 w-full animate-pulse rounded-xl bg-line" />
      <p className="mt-auto text-center text-sm text-soft" role="status">
        {isSlow ? 'This takes longer than usual…' : `${text}…`}
      </p>
    </div>
  );
}
