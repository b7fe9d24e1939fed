import { closeSync, fdatasync, fdatasyncSync, openSync, statSync } from 'node:fs';

/** Puts what was written to SQLite's log on the disk without holding up the event loop. */
export interface LogSync {
  /** Resolves once all that was in the file at the call is on the disk; rejects with the system's error. */
  sync(): Promise<void>;
  close(): void;
}

/**
 * How long Node's threads may keep a sync waiting, milliseconds. Name lookups share these threads, and a slow name server must not
 * hold up the record of every call: after this the sync runs in the event loop, as one of SQLite's own would.
 */
const threadWaitMs = 50;

interface OpenLog {
  readonly inode: number;
  /** One for each way: the system reports a failed write once to each of them, and neither may take the other's report. */
  readonly forThreads: number;
  readonly forLoop: number;
}

/** For the log beside a database that is open; SQLite locks other files, so that these descriptors may come and go. */
export function createLogSync(path: string, sync: typeof fdatasync = fdatasync): LogSync {
  let log: OpenLog | null = null;

  const close = (): void => {
    if (log === null) return;
    closeSync(log.forThreads);
    closeSync(log.forLoop);
    log = null;
  };
  /** The file of that name now: SQLite removes it when its last connection closes, and a removed one takes any sync. */
  const open = (): OpenLog => {
    const { ino: inode } = statSync(path);
    if (log?.inode === inode) return log;
    close();
    log = { inode, forThreads: openSync(path, 'r'), forLoop: openSync(path, 'r') };
    return log;
  };

  return {
    sync: () =>
      new Promise((resolve, reject) => {
        const { forThreads, forLoop } = open();
        const settle = (error?: Error | null): void => {
          clearTimeout(timer);
          if (error) reject(error);
          else resolve();
        };
        const timer = setTimeout(() => {
          try {
            fdatasyncSync(forLoop);
            resolve();
          } catch (error) {
            reject(error);
          }
        }, threadWaitMs);
        sync(forThreads, settle);
      }),
    close,
  };
}
