/** One place of a managed secret's value in a request; `{token}` is the value, `{name}` a further one of the secret. */
export interface SecretPlacement {
  readonly target: 'header' | 'query_param';
  readonly key: string;
  readonly format: string;
}

/** How a service wants its keys: the part of a managed secret that is the same for everybody. */
export interface SecretTemplate {
  readonly slug: string;
  readonly name: string;
  readonly kind: 'bearer' | 'api_key' | 'basic' | 'aws_sigv4' | 'custom';
  /** Empty for `aws_sigv4`, whose signature is made for each request. */
  readonly placements: readonly SecretPlacement[];
  /** Hosts that the key may be sent to: exact, or `*.` for one label. */
  readonly hosts: readonly string[];
  /** Headers that the service wants on each call, e.g. a version. */
  readonly requiredHeaders: Readonly<Record<string, string>>;
  /** What the fields are called there, where that helps: field name → label. */
  readonly fieldLabels: Readonly<Record<string, string>>;
  /** Of AWS services whose hosts do not say it. */
  readonly region?: string;
  readonly service?: string;
  /** The page that says all this. */
  readonly documentationUrl: string;
  /** True where no source that could be read says it. */
  readonly isUnverified: boolean;
}

/** What a template's file says of it. */
export interface SecretTemplateFacts {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly docs: string;
  readonly unverified?: true;
  readonly requiredHeaders?: Readonly<Record<string, string>>;
  readonly fieldLabels?: Readonly<Record<string, string>>;
}

/** A service that takes its key as a bearer token. */
export function bearerTemplate(slug: string, facts: SecretTemplateFacts): SecretTemplate {
  return build(slug, 'bearer', [header('Authorization', 'Bearer {token}')], facts);
}

/** A service that takes its key in a header of its own, or in its own form. */
export function headerTemplate(
  slug: string,
  key: string,
  facts: SecretTemplateFacts & { readonly format?: string },
): SecretTemplate {
  return build(slug, 'api_key', [header(key, facts.format ?? '{token}')], facts);
}

/** A service that takes a user name and a password, by whatever names. */
export function basicTemplate(slug: string, facts: SecretTemplateFacts): SecretTemplate {
  return build(slug, 'basic', [header('Authorization', 'Basic {token}')], facts);
}

/** A service that takes its key in the query, or several values in several places. */
export function customTemplate(
  slug: string,
  placements: readonly SecretPlacement[],
  facts: SecretTemplateFacts,
): SecretTemplate {
  return build(slug, 'custom', placements, facts);
}

/** A service of AWS. */
export function awsTemplate(
  slug: string,
  facts: SecretTemplateFacts & { readonly service?: string; readonly region?: string },
): SecretTemplate {
  const { service, region } = facts;
  return {
    ...build(slug, 'aws_sigv4', [], facts),
    ...(service === undefined ? {} : { service }),
    ...(region === undefined ? {} : { region }),
  };
}

/** A value in a header. */
export function header(key: string, format = '{token}'): SecretPlacement {
  return { target: 'header', key, format };
}

/** A value in the query. */
export function query(key: string, format = '{token}'): SecretPlacement {
  return { target: 'query_param', key, format };
}

function build(
  slug: string,
  kind: SecretTemplate['kind'],
  placements: readonly SecretPlacement[],
  facts: SecretTemplateFacts,
): SecretTemplate {
  return {
    slug,
    name: facts.name,
    kind,
    placements,
    hosts: facts.hosts,
    requiredHeaders: facts.requiredHeaders ?? {},
    fieldLabels: facts.fieldLabels ?? {},
    documentationUrl: facts.docs,
    isUnverified: facts.unverified === true,
  };
}
