import type { ConnectProvider } from '@alter-ai/core-contract';
import { Icon } from '@alter-ai/ui';
import { type ReactNode, useState } from 'react';
import { describeScope } from '../wording/scopes.js';

const shownAtFirst = 5;

/** The scopes that are asked for, the needed ones first; a long list shows its first ones and the number of the rest. */
export function ScopeList({ scopes }: { scopes: ConnectProvider['scopes'] }): ReactNode {
  const [isLong, setLong] = useState(false);
  const sorted = [...scopes].sort((a, b) => Number(b.required) - Number(a.required));
  const shown = isLong || sorted.length <= shownAtFirst + 1 ? sorted : sorted.slice(0, shownAtFirst);
  if (scopes.length === 0) {
    return (
      <p className="px-3 py-3 text-sm text-soft">Only who you are: the name and address of the account.</p>
    );
  }
  return (
    <div className="px-3 py-2.5">
      <ul className="flex flex-col gap-1.5 text-sm leading-5">
        {shown.map(({ scope, required }) => (
          <li className="flex items-start gap-2" key={scope}>
            <Icon className="size-5 shrink-0 text-soft" name="check" />
            <span className="min-w-0 [overflow-wrap:anywhere]" title={scope}>
              {describeScope(scope)}
              {!required && <span className="text-soft"> (optional)</span>}
            </span>
          </li>
        ))}
      </ul>
      {shown.length < sorted.length && (
        <button
          className="mt-1 min-h-8 rounded-md text-sm text-accent-line underline underline-offset-2"
          onClick={() => setLong(true)}
          type="button"
        >
          Show {sorted.length - shown.length} more
        </button>
      )}
    </div>
  );
}
