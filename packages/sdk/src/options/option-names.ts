import { AlterValueError } from '../errors/alter-sdk-error.js';

type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : Name;

/** Options that may also be spelled as on the wire and in the Python client: `grantId` or `grant_id`. */
export type EitherSpelling<Options> = Options & {
  readonly [Name in keyof Options & string as SnakeCase<Name>]?: Options[Name];
};

/** The names of an interface's options; the type makes the list complete. */
export type OptionNames<Options> = { readonly [Name in keyof Required<Options>]: true };

/**
 * Reads options in either spelling. An unknown name is refused, so that a typing mistake is never silently ignored.
 * @throws {AlterValueError} unknown option, or one given in both spellings.
 */
export function readOptions<Options extends object>(
  given: EitherSpelling<Options> | undefined,
  names: OptionNames<Options>,
): Options {
  const options: Record<string, unknown> = {};
  for (const [spelling, value] of Object.entries(given ?? {})) {
    if (value === undefined) continue;
    const name = spelling.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (!Object.hasOwn(names, name)) throw new AlterValueError(`unknown option ${JSON.stringify(spelling)}`);
    if (Object.hasOwn(options, name)) throw new AlterValueError(`option ${name} is given twice`);
    options[name] = value;
  }
  return options as Options;
}
