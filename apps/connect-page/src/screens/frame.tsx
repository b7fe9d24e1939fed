import type { ConnectView } from '@alter-ai/core-contract';
import { Icon, Tile } from '@alter-ai/ui';
import { type ReactNode, useEffect, useRef } from 'react';

/** Props of `Frame`. */
export interface FrameProps {
  app: ConnectView['app'] | undefined;
  /** Whom the connection is for. */
  user?: string | undefined;
  /** The screens ask for a key, which may well be a password that is stored. */
  isKeyEntry?: boolean | undefined;
  children: ReactNode;
}

/** The sheet every screen lies on: the app above, the screen, the vault's name below. Full width up to 640 px, a card beyond. */
export function Frame({ app, user, isKeyEntry = false, children }: FrameProps): ReactNode {
  return (
    <div className="flex min-h-dvh flex-col items-center bg-surface sm:bg-canvas sm:px-4 sm:py-[7vh]">
      <div className="flex w-full max-w-[34rem] flex-1 flex-col bg-surface sm:max-w-[27rem] sm:flex-none sm:rounded-2xl sm:border sm:border-line sm:shadow-card">
        <header className="flex h-16 items-center gap-3 border-b border-line px-5 sm:px-6">
          {app ? (
            <>
              <Tile imageUrl={app.logo_url} name={app.name} />
              <span className="min-w-0 flex-1">
                <span className="block truncate leading-5 font-semibold">{app.name}</span>
                {user && (
                  <span className="block truncate text-[0.8125rem] leading-5 text-soft" title={user}>
                    for {user}
                  </span>
                )}
              </span>
            </>
          ) : (
            <span className="font-semibold text-soft">Alter Vault</span>
          )}
        </header>
        <main className="flex flex-1 flex-col px-5 pt-6 pb-3 sm:min-h-[29rem] sm:px-6 sm:pb-4">
          {children}
        </main>
      </div>
      <footer className="flex items-center gap-1.5 pt-1 pb-4 text-xs text-soft sm:pt-5 sm:pb-0">
        <Icon className="size-3.5" name="lock" />
        {isKeyEntry
          ? 'Kept encrypted by Alter Vault.'
          : 'Kept by Alter Vault. Your password is never shared.'}
      </footer>
    </div>
  );
}

/** The heading of a screen; takes the focus when the screen changes, so that it is read out, and names the window. */
export function ScreenTitle({ children, text }: { text: string; children?: ReactNode }): ReactNode {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = text;
    ref.current?.focus();
  }, [text]);
  return (
    <div className="flex flex-col gap-1.5">
      <h1
        className="text-xl leading-7 font-semibold tracking-tight text-balance break-words outline-none"
        ref={ref}
        tabIndex={-1}
      >
        {text}
      </h1>
      {children && <p className="text-[0.9375rem] leading-6 text-pretty break-words text-soft">{children}</p>}
    </div>
  );
}

/** The controls at the bottom of a screen; in sight on a long one, where the window is high enough for it. */
export function Actions({ children }: { children: ReactNode }): ReactNode {
  return (
    <div className="mt-auto pt-6 [@media(min-height:34rem)]:sticky [@media(min-height:34rem)]:bottom-0">
      <div className="relative -mx-5 flex flex-col gap-2 bg-surface px-5 pb-2 before:pointer-events-none before:absolute before:inset-x-0 before:bottom-full before:h-6 before:bg-linear-to-t before:from-surface before:to-transparent sm:-mx-6 sm:px-6">
        {children}
      </div>
    </div>
  );
}
