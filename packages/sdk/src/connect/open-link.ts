import openInBrowser from 'open';

/** Shows the link to the person at the terminal. */
export function printLink(url: string): void {
  process.stdout.write(`Open this link to connect: ${url}\n`);
}

/** Opens the link in the default browser; `onFailure` is called when that turns out not to work, at once or later. */
export async function openLink(url: string, onFailure: () => void): Promise<void> {
  try {
    const launcher = await openInBrowser(url);
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
