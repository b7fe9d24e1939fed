import type { ChildProcess } from 'node:child_process';
import openInBrowser from 'open';

/** Shows the link to the person at the terminal. */
export function printLink(url: string): void {
  process.stdout.write(`Open this link to connect: ${url}\n`);
}

/** Starts the program that opens a link. */
export type LaunchBrowser = (url: string) => Promise<ChildProcess>;

/** Opens the link in the default browser; `onFailure` is called when that turns out not to work, at once or later. */
export async function openLink(
  url: string,
  onFailure: () => void,
  launch: LaunchBrowser = openInBrowser,
): Promise<void> {
  try {
    const launcher = await launch(url);
    // Without a browser the launcher starts and then fails.
    launcher.once('error', onFailure);
    launcher.once('exit', (code) => {
      if (code !== 0 && code !== null) onFailure();
    });
    if (launcher.exitCode !== null && launcher.exitCode !== 0) onFailure();
  } catch {
    onFailure();
  }
}
