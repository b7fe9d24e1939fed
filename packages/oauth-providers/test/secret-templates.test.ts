import { describe, expect, it } from 'vitest';
import { findSecretTemplate, listSecretTemplates } from '../src/index.js';

const templates = listSecretTemplates();

describe('templates of managed secrets', () => {
  it('are 40 or more with a source, each with its own slug', () => {
    expect(templates.filter((template) => !template.isUnverified).length).toBeGreaterThanOrEqual(40);
    expect(new Set(templates.map(({ slug }) => slug)).size).toBe(templates.length);
    expect(findSecretTemplate('stripe')?.name).toBe('Stripe');
    expect(findSecretTemplate('nothing')).toBeUndefined();
  });

  it.each(templates.map((template) => [template.slug, template] as const))(
    '%s has documentation, hosts, and a place for its value',
    (slug, template) => {
      expect(slug).toMatch(/^[a-z0-9][a-z0-9-]{0,49}$/);
      expect(new URL(template.documentationUrl).protocol).toBe('https:');
      expect(template.hosts.length).toBeGreaterThan(0);
      // One label, never a public suffix: `*.com` would hand the key to whoever registers a name.
      for (const host of template.hosts) expect(host).toMatch(/^(\*\.)?([a-z0-9-]+\.)+[a-z]+$/);
      for (const host of template.hosts.filter((each) => each.startsWith('*.'))) {
        expect(host.split('.').length).toBeGreaterThanOrEqual(3);
      }
      const formats = template.placements.map(({ format }) => format).join(' ');
      if (template.kind === 'aws_sigv4') expect(template.placements).toEqual([]);
      else expect(formats).toContain('{token}');
      const fields = new Set(['value', 'username', 'password', ...(formats.match(/[a-z_]+(?=\})/g) ?? [])]);
      expect(Object.keys(template.fieldLabels).filter((name) => !fields.has(name))).toEqual([]);
    },
  );
});
