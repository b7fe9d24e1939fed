import { resolveAddress } from './address.js';
import { type Attempt, startAttempt } from './flow/attempt.js';
import { takeRedirectReturn } from './flow/redirect.js';
import { createError } from './outcome.js';
import type {
  AlterConnectConfig,
  AlterConnectEvents,
  ConnectedGrants,
  OpenOptions,
  Outcome,
} from './types.js';

const version = '0.1.0';

type EventName = keyof AlterConnectEvents;
type Handler = (...args: never[]) => void;
type Callback = (...args: unknown[]) => void;

/** The result of a redirect, kept for the page until somebody asks for it; every instance may. */
let kept: Outcome | undefined;

/** Calls the developer's code; what it throws reaches the page's own error handling and stops nothing here. */
function call<A extends unknown[]>(callback: ((...args: A) => void) | undefined, ...args: A): void {
  try {
    callback?.(...args);
  } catch (error) {
    setTimeout(() => {
      throw error;
    });
  }
}

/** Opens the vault's connect page as popup or redirect and tells how it ended (wire/4). */
export class AlterConnect {
  private _handlers = new Map<string, Set<Handler>>();
  private _attempt: Attempt | undefined;
  private _result: Promise<ConnectedGrants | undefined> | undefined;
  private _endOpen: (() => void) | undefined;
  private _isDestroyed = false;

  private constructor(private _config: AlterConnectConfig) {
    if (typeof window === 'undefined') return;
    const found = takeRedirectReturn();
    const keep = (outcome: Outcome | undefined): void => {
      if (!outcome) return;
      kept = outcome;
      this._deliver(outcome.name);
    };
    if (found && 'then' in found) void found.then(keep);
    else keep(found);
  }

  /** Makes an instance; on the page a redirect returned to, it takes the result and keeps it for the first handler. */
  static create(config: AlterConnectConfig = {}): AlterConnect {
    return new AlterConnect(config);
  }

  /**
   * Opens the connect page; call it in a click. Resolves with the grants, or with undefined when the user left or
   * `close()` was called. Rejects with `sdk_destroyed` or `invalid_options`; with the signal's reason; and, without
   * an `onError`, with the error that ended the session. While open, a second call does nothing but give the same promise.
   */
  open(options: OpenOptions): Promise<ConnectedGrants | undefined> {
    try {
      this._assertUsable();
      if (typeof options?.onSuccess !== 'function') {
        throw createError('invalid_options', 'onSuccess callback is required');
      }
      if (options.signal?.aborted) throw options.signal.reason;
      if (!this._result || !this.isOpen()) {
        const source = resolveAddress(options, options.baseURL ?? this._config.baseURL);
        // A window still waiting for its link, or closed without a word from the vault, gives way to the new one.
        this._end();
        this._result = this._run(options, source);
      }
      return this._result;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Closes the window; emits `close`. */
  close(): void {
    this._assertUsable();
    this._end();
    this._emit('close');
  }

  /** Closes the window and drops every handler; further calls throw `sdk_destroyed`. */
  destroy(): void {
    if (this._isDestroyed) return;
    this._end();
    this._handlers.clear();
    this._isDestroyed = true;
  }

  /** Whether the connect window is open. */
  isOpen(): boolean {
    this._assertUsable();
    return this._attempt?.isOpen() ?? false;
  }

  getVersion(): string {
    return version;
  }

  /** Adds a handler; gives back how to remove it. The first for `success`, `error` or `exit` also gets a redirect's result. */
  on<N extends EventName>(event: N, handler: (...args: AlterConnectEvents[N]) => void): () => void {
    this._assertUsable();
    const handlers = this._handlers.get(event) ?? new Set();
    this._handlers.set(event, handlers.add(handler as Handler));
    queueMicrotask(() => this._deliver(event));
    return () => void handlers.delete(handler as Handler);
  }

  off<N extends EventName>(event: N, handler: (...args: AlterConnectEvents[N]) => void): void {
    this._assertUsable();
    this._handlers.get(event)?.delete(handler as Handler);
  }

  private _run(
    options: OpenOptions,
    source: ReturnType<typeof resolveAddress>,
  ): Promise<ConnectedGrants | undefined> {
    const { signal, onSuccess, onError, onExit } = options;
    const tell = (name: string, metadata: Record<string, unknown> = {}): void => {
      const detail = { timestamp: new Date().toISOString(), ...metadata };
      call(options.onEvent, name, detail);
      this._emit('event', name, detail);
    };
    const result = new Promise<ConnectedGrants | undefined>((resolve, reject) => {
      const abort = (): void => {
        reject(signal?.reason);
        this.close();
      };
      signal?.addEventListener('abort', abort);
      this._endOpen = () => {
        signal?.removeEventListener('abort', abort);
        resolve(undefined);
      };
      this._attempt = startAttempt(source, {
        log: (step) => this._log(step),
        block: (error) => {
          call(onError, error);
          this._emit('error', error);
          tell('popup_blocked');
        },
        finish: (outcome) => {
          this._log(outcome.name);
          const { name, value } = outcome;
          if (name === 'success') call(onSuccess, value);
          else if (name === 'error') call(onError, value);
          else call(onExit);
          if (name === 'error' && !onError) reject(value);
          else resolve(name === 'success' ? value : undefined);
          this._emit(name, value);
          this._emit('close');
        },
      });
    });
    // Callers that live by the callbacks alone must not see an unhandled rejection.
    result.catch(() => {});
    tell('connect_opened');
    return result;
  }

  private _end(): void {
    this._attempt?.stop();
    this._attempt = undefined;
    this._endOpen?.();
  }

  private _deliver(event: string): void {
    if (kept?.name !== event || !this._handlers.get(event)?.size) return;
    const { name, value } = kept;
    kept = undefined;
    this._emit(name, value);
  }

  private _emit(event: EventName, ...args: unknown[]): void {
    for (const handler of [...(this._handlers.get(event) ?? [])]) call(handler as Callback, ...args);
  }

  private _log(step: string): void {
    // biome-ignore lint/suspicious/noConsole: `debug: true` asks for exactly this, in the developer's own page.
    if (this._config.debug) console.log('[Alter Connect]', step);
  }

  private _assertUsable(): void {
    if (this._isDestroyed) throw createError('sdk_destroyed', 'This instance has been destroyed');
  }
}
