import { artificialIntelligence } from './artificial-intelligence.js';
import { business } from './business.js';
import { cloud } from './cloud.js';
import { developerTools } from './developer-tools.js';
import { messages } from './messages.js';
import type { SecretTemplate } from './secret-template.js';

const templates: readonly SecretTemplate[] = [
  ...artificialIntelligence,
  ...business,
  ...cloud,
  ...developerTools,
  ...messages,
].sort((one, other) => (one.slug < other.slug ? -1 : 1));
const bySlug = new Map(templates.map((template) => [template.slug, template]));

/** Every template of a managed secret, by slug. */
export function listSecretTemplates(): readonly SecretTemplate[] {
  return templates;
}

/** The template of a slug. */
export function findSecretTemplate(slug: string): SecretTemplate | undefined {
  return bySlug.get(slug);
}
