/** The `{names}` in a template. */
export function listPlaceholders(template: string): string[] {
  return [...template.matchAll(/\{([a-z][a-z0-9_]*)\}/g)].flatMap((match) =>
    match[1] === undefined ? [] : [match[1]],
  );
}

/** Fills a template with values that were checked before; each is percent-encoded. Throws RangeError for a gap. */
export function fillPlaceholders(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{([a-z][a-z0-9_]*)\}/g, (_match, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new RangeError(`no value for {${name}}`);
    return encodeURIComponent(value);
  });
}
