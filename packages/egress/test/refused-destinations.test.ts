import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDestination, createEgress, EgressError } from '../src/index.js';
import { hostileAddresses, hostileSpellings } from './hostile-destinations.js';
import { type LoopbackServer, startTcp } from './loopback-server.js';

let socket: LoopbackServer;
beforeAll(async () => {
  socket = await startTcp((connection) => connection.destroy());
});
afterAll(() => socket.close());

async function refuse(url: string, options: Parameters<typeof createEgress>[0]): Promise<EgressError> {
  const egress = createEgress({ connectTimeoutMs: 300, ...options });
  try {
    await egress.fetch(url, { method: 'POST', body: 'secret=1', timeoutMs: 500 });
  } catch (error) {
    if (error instanceof EgressError) return error;
    throw error;
  } finally {
    await egress.close();
  }
  throw new Error(`let through: ${url}`);
}

const toUrlHost = (address: string) => (address.includes(':') ? `[${address}]` : address);

describe('E1: refused before any connection', () => {
  it('the table is large enough to mean something', () => {
    expect(hostileSpellings.length + 2 * hostileAddresses.length).toBeGreaterThan(200);
  });

  it.each(hostileSpellings)('spelling %j', async (template) => {
    const url = template.replaceAll('PORT', String(socket.port));
    const seen: string[] = [];
    const lookup = async (host: string) => {
      seen.push(host);
      return ['127.0.0.1'];
    };
    const error = await refuse(url, { isDevelopment: false, lookup });
    expect(['invalid_url', 'blocked_destination']).toContain(error.code);
    expect(error.requestWritten).toBe(false);
    expect(seen).toEqual([]);
    expect(checkDestination(url, { isDevelopment: false }).ok).toBe(false);
  });

  it.each(hostileAddresses)('literal address %s', async (address) => {
    const error = await refuse(`https://${toUrlHost(address)}:${socket.port}/`, { isDevelopment: false });
    expect(error.code).toBe('blocked_destination');
    expect(error.requestWritten).toBe(false);
  });

  it.each(hostileAddresses)('a public name that resolves to %s', async (address) => {
    const error = await refuse(`https://api.example.com:${socket.port}/`, {
      isDevelopment: false,
      lookup: async () => [address],
    });
    expect(error.code).toBe('blocked_destination');
    expect(error.requestWritten).toBe(false);
  });

  it.each(hostileAddresses)('a public name with one bad answer among good ones: %s', async (address) => {
    const error = await refuse(`https://api.example.com:${socket.port}/`, {
      isDevelopment: false,
      lookup: async () => ['93.184.216.34', address],
    });
    expect(error.code).toBe('blocked_destination');
  });

  it.each(['', 'example.com', '127.0.0.1 ', '0x7f.1', '2130706433', '127.1', 'fe80::1%lo'])(
    'an answer that is no address: %j',
    async (answer) => {
      const error = await refuse(`https://api.example.com:${socket.port}/`, {
        isDevelopment: false,
        lookup: async () => [answer],
      });
      expect(error.code).toBe('blocked_destination');
    },
  );

  it('no answer at all', async () => {
    const error = await refuse('https://api.example.com/', { isDevelopment: false, lookup: async () => [] });
    expect(error.code).toBe('blocked_destination');
  });

  it('the listening socket saw nothing of all this', () => {
    expect(socket.connections()).toBe(0);
  });

  it('a message holds the host alone', async () => {
    const error = await refuse('https://10.0.0.1/path-secret?q=query-secret', { isDevelopment: false });
    expect(error.message).toBe('the address is not a public one (10.0.0.1)');
    expect(JSON.stringify(error)).not.toContain('secret');
  });
});

describe('E1: cloud metadata never, even when the operator allows it', () => {
  const allowAll = ['0.0.0.0/0', '::/0', 'metadata.google.internal', 'metadata', 'api.example.com'];
  it.each([
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd20:ce::254',
    '::ffff:169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
  ])('%s', async (address) => {
    for (const isDevelopment of [true, false]) {
      const literal = await refuse(`https://${toUrlHost(address)}/`, {
        isDevelopment,
        allowedNetworks: allowAll,
      });
      const named = await refuse('https://api.example.com/', {
        isDevelopment,
        allowedNetworks: allowAll,
        lookup: async () => [address],
      });
      expect([literal.code, named.code]).toEqual(['blocked_destination', 'blocked_destination']);
    }
  });

  it('by name', async () => {
    const error = await refuse('https://metadata.google.internal/', {
      isDevelopment: true,
      allowedNetworks: allowAll,
      lookup: async () => ['93.184.216.34'],
    });
    expect(error.code).toBe('blocked_destination');
  });
});
