import { SecretValue } from '@alter-ai/core-crypto';
import { describe, expect, it } from 'vitest';
import { createEchoFilter, cutBeginning, hasEcho } from './echo-filter.js';
import { listEchoPatterns } from './echo-patterns.js';

const credential = (token: string) => ({
  access_token: token,
  token_type: 'custom',
  expires_in: null,
  expires_at: null,
  scopes: [],
  injection_header: 'X-Api-Key',
  injection_format: '{token}',
  grant_id: '',
  provider_id: 'acme',
  scope_mismatch: false,
  token_generation: '',
});

describe('a credential in an answer', () => {
  const token = 'wJal/rXU+tn=FEMI:K7&MD';
  const patterns = listEchoPatterns(credential(token));

  it.each([
    ['JavaScript, encodeURIComponent', 'wJal%2FrXU%2Btn%3DFEMI%3AK7%26MD'],
    ['the same in lower case', 'wJal%2frXU%2btn%3dFEMI%3aK7%26MD'],
    ['JavaScript, encodeURI', 'wJal/rXU+tn=FEMI:K7&MD'],
    ['Python, quote, which leaves slashes', 'wJal/rXU%2Btn%3DFEMI%3AK7%26MD'],
    ['Go, PathEscape, which leaves what a path may have', 'wJal%2FrXU+tn=FEMI:K7&MD'],
    ['base64 of an address', Buffer.from('GET /?key=wJal%2FrXU%2Btn%3DFEMI%3AK7%26MD').toString('base64')],
    ['JSON with escaped slashes', 'wJal\\/rXU+tn=FEMI:K7&MD'],
    ['JSON of Go, for HTML', 'wJal/rXU+tn=FEMI:K7\\u0026MD'],
    ['JSON of .NET', 'wJal/rXU\\u002Btn=FEMI:K7\\u0026MD'],
    ['HTML', 'wJal/rXU+tn=FEMI:K7&amp;MD'],
    ['HTML of stricter templates', 'wJal&#x2F;rXU&#x2B;tn&#x3D;FEMI:K7&amp;MD'],
  ])('B7: is found as written by %s', (_name, text) => {
    expect(hasEcho(Buffer.from(`before ${text} after`), patterns)).toBe(true);
  });

  it('B7: is found by each secret part of it, where a format put several into one text', () => {
    const parts = [SecretValue.of('first-part'), SecretValue.of('second-part')];
    const composed = listEchoPatterns(credential('first-part:second-part'), parts);
    for (const text of ['first-part', 'second-part', 'first-part:second-part'])
      expect(hasEcho(Buffer.from(`"${text}"`), composed)).toBe(true);
    expect(hasEcho(Buffer.from('"-part:sec"'), composed)).toBe(false);
  });

  it('B7: what is cut off leaves nothing of it at the end', () => {
    const cut = (text: string) => cutBeginning(Buffer.from(text), patterns).toString();
    expect(cut(`body ${token.slice(0, -1)}`)).toBe('body ');
    expect(cut('body wJal%2FrXU%2')).toBe('body ');
    expect(cut('body and more')).toBe('body and more');
  });

  it('B7: in pieces of every size nothing of it passes', () => {
    const body = Buffer.from(`before ${encodeURIComponent(token)} after`);
    for (let size = 1; size < body.length; size += 1) {
      const filter = createEchoFilter(patterns);
      const passed: Buffer[] = [];
      let isEnded = false;
      for (let at = 0; at < body.length && !isEnded; at += size) {
        const out = filter.push(body.subarray(at, at + size));
        if (out === undefined) isEnded = true;
        else passed.push(out);
      }
      expect([size, isEnded]).toEqual([size, true]);
      expect('before '.startsWith(Buffer.concat(passed).toString())).toBe(true);
    }
  });
});
