import type { Dispatcher } from 'undici';
import { EgressError, type EgressErrorCode } from '../egress-error.js';
import { classifyFailure } from './classify-failure.js';

/** Response headers as the HTTP client gives them. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

type ExchangeLimits = {
  /** Shown in errors. */
  host: string;
  /** From now until the whole response is there; undefined: no limit. */
  timeoutMs: number | undefined;
  /** How long it may wait for a connection until the first byte is written; undefined: as long as all of it. */
  startTimeoutMs?: number | undefined;
  /** How long nothing may move in either direction; undefined: no limit. */
  silenceTimeoutMs?: number | undefined;
  signal: AbortSignal | undefined;
};

type ResponseReader = {
  onHead(controller: Dispatcher.DispatchController, status: number, headers: ResponseHeaders): void;
  onData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void;
  /** The whole response is there, in time. */
  onEnd(): void;
};

/** One request and its response, until it is over: complete, failed, or given up. */
export type Exchange = {
  /** Something moved: silence is counted from now. */
  noteMove(): void;
  /** Ends it without an error; false where it was over. */
  finish(): boolean;
  /** Ends it with an error, where it was not over. */
  fail(code: EgressErrorCode, reason: string): void;
  /** Sends the request, unless it is over already. */
  dispatch(
    dispatcher: Dispatcher,
    request: Pick<Dispatcher.DispatchOptions, 'path' | 'method' | 'headers' | 'body'>,
    reader: ResponseReader,
  ): void;
};

/**
 * Begins one: its time runs, and its caller may end it. Knows whether the request can have reached the other side: undici calls
 * `onRequestStart` right before the first byte is written, and an abort inside it prevents that.
 * @param onFailed hears of the error, once, before the connection does
 */
export function openExchange(limits: ExchangeLimits, onFailed: (error: EgressError) => void): Exchange {
  let isStarted = false;
  let isOver = false;
  let controller: Dispatcher.DispatchController | undefined;
  let movedAtMs = performance.now();
  let silence: NodeJS.Timeout | undefined;

  const noteMove = () => {
    movedAtMs = performance.now();
  };
  const finish = (): boolean => {
    if (isOver) return false;
    isOver = true;
    clearTimeout(timer);
    clearTimeout(start);
    clearTimeout(silence);
    limits.signal?.removeEventListener('abort', onAbort);
    return true;
  };
  const fail = (code: EgressErrorCode, reason: string): void => {
    if (!finish()) return;
    const error = new EgressError(code, reason, { requestWritten: isStarted, host: limits.host });
    onFailed(error);
    controller?.abort(error);
  };
  const failOf = (cause: unknown): void => {
    const { code, reason } = classifyFailure(cause, isStarted);
    fail(code, reason);
  };
  const failLate = () =>
    isStarted
      ? fail('timeout', 'no complete answer in time')
      : fail('connect_timeout', 'no connection in time');
  const onAbort = () => fail('aborted', 'the caller ended the call');
  // Looked at now and then: a timer for each chunk would cost more than the chunk.
  const watchSilence = (limitMs: number): void => {
    const quietMs = performance.now() - movedAtMs;
    if (quietMs >= limitMs) failLate();
    else silence = setTimeout(() => watchSilence(limitMs), limitMs - quietMs + 1);
  };

  const timer = limits.timeoutMs === undefined ? undefined : setTimeout(failLate, limits.timeoutMs);
  const start = limits.startTimeoutMs === undefined ? undefined : setTimeout(failLate, limits.startTimeoutMs);
  if (limits.signal?.aborted) {
    onAbort();
  } else {
    limits.signal?.addEventListener('abort', onAbort, { once: true });
    if (limits.silenceTimeoutMs !== undefined) watchSilence(limits.silenceTimeoutMs);
  }

  const handle = (reader: ResponseReader): Dispatcher.DispatchHandler => ({
    onRequestStart(current) {
      // Given up while it waited, or handed over a second time by the client: nothing (more) is written.
      if (isOver || isStarted) {
        current.abort(new Error('given up'));
        fail('connection_lost', 'the connection ended before the response was complete');
        return;
      }
      isStarted = true;
      clearTimeout(start);
      controller = current;
      noteMove();
    },
    onResponseStart(current, status, headers) {
      if (status < 200 || isOver) return;
      noteMove();
      reader.onHead(current, status, headers);
    },
    onResponseData(current, chunk) {
      noteMove();
      reader.onData(current, chunk);
    },
    onResponseEnd() {
      if (finish()) reader.onEnd();
    },
    onResponseError: (_controller, error) => failOf(error),
  });

  return {
    noteMove,
    finish,
    fail,
    dispatch(dispatcher, request, reader) {
      if (isOver) return;
      try {
        // One clock only: the timers above.
        dispatcher.dispatch({ ...request, headersTimeout: 0, bodyTimeout: 0 }, handle(reader));
      } catch (error) {
        failOf(error);
      }
    },
  };
}
