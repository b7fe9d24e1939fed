import { configurationExitCode } from '../../config.js';

/** One mistake in a configuration file: where, and what; never the value of a secret. */
export interface FileProblem {
  readonly file: string;
  /** `apps[0].providers[1].token_endpoint`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** A configuration file that is refused as a whole: nothing has been changed. */
export class SettingsFileError extends Error {
  readonly code = 'settings_file_refused';
  readonly exitCode = configurationExitCode;
  readonly problems: readonly FileProblem[];

  constructor(problems: readonly FileProblem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'SettingsFileError';
    this.problems = problems;
  }
}

function formatProblem({ file, path, message }: FileProblem): string {
  return path === '' ? `${file}: ${message}` : `${file}: ${path}: ${message}`;
}

/** A place in the file as people write it: `apps[0].name`. */
export function formatFilePath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += `${text === '' ? '' : '.'}${String(part)}`;
  }
  return text;
}
