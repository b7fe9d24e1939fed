import { describe, expect, it } from 'vitest';
import { describeRecords } from '../src/vault/records.js';

const filter = { grantIds: new Set(['grant-a']), callIds: new Set(['call-1']) };

describe('audit records on the page', () => {
  it('are those of the user, newest first', () => {
    const records = describeRecords(
      [
        { kind: 'grant.created', at: '2026-01-01T10:00:00.000Z', grant_id: 'grant-a' },
        { kind: 'grant.created', at: '2026-01-01T10:00:01.000Z', grant_id: 'grant-b' },
        { kind: 'access.retrieve', at: '2026-01-01T10:00:02.000Z', decision: 'allow', grant_id: 'grant-a' },
      ],
      filter,
    );
    expect(records.map((record) => record.title)).toEqual(['Token lent for one call', 'Account connected']);
  });

  it('tell a refused call by its code and end the wait for more', () => {
    const [record] = describeRecords(
      [
        {
          kind: 'access.retrieve',
          at: '2026-01-01T10:00:00.000Z',
          decision: 'deny',
          error_code: 'ip_allowlist',
          method: 'POST',
          url: 'http://127.0.0.1:4700/api/messages',
          reason: 'Because',
          context: { call_id: 'call-1' },
        },
      ],
      filter,
    );
    expect(record).toMatchObject({ title: 'Call refused: ip_allowlist', isFinal: true, callId: 'call-1' });
    expect(record?.lines).toContain('POST http://127.0.0.1:4700/api/messages');
    expect(record?.lines).toContain('Reason: Because');
  });

  it('tell the outcome with its latency', () => {
    const [record] = describeRecords(
      [
        {
          kind: 'access.outcome',
          at: '',
          status: 201,
          latency_ms: 12,
          response_bytes: 80,
          grant_id: 'grant-a',
        },
      ],
      filter,
    );
    expect(record).toMatchObject({ title: 'The provider answered 201', tone: 'good', isFinal: true });
    expect(record?.lines).toEqual(['after 12 ms, 80 bytes']);
  });

  it('tell a call without an answer from one that was answered', () => {
    const [record] = describeRecords([{ kind: 'access.outcome', status: 0, grant_id: 'grant-a' }], filter);
    expect(record).toMatchObject({ title: 'The provider did not answer', tone: 'bad' });
  });
});
