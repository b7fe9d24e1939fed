import type { SecretTemplate } from './secret-template.js';

const templates: readonly SecretTemplate[] = [];
const bySlug = new Map(templates.map((template) => [template.slug, template]));

/** Every template, by name. */
export function listSecretTemplates(): readonly SecretTemplate[] {
  return templates;
}

/** The template of a slug. */
export function findSecretTemplate(slug: string): SecretTemplate | undefined {
  return bySlug.get(slug);
}
