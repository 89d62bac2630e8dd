import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPrivateAddress, post, requireTarget, type WebhookPolicy } from './targets.js';

const code = (expected: string, message: RegExp) => (error: unknown) => error instanceof Error && 'code' in error && error.code === expected && message.test(error.message);
const allows = (url: string, policy: Partial<WebhookPolicy> = {}): void => requireTarget(new URL(url), { hosts: ['hooks.example.org', '*.lab.example', '10.0.0.7', '93.184.216.34', '[::1]', '::1', 'localhost'], privateAddresses: false, ...policy });
const refuses = (url: string, message: RegExp, policy: Partial<WebhookPolicy> = {}): void => assert.throws(() => allows(url, policy), code('research-api/webhook-target-refused', message));

describe('whom a webhook may call', () => {
  it('a host that the settings name, by https, and nobody unless named', () => {
    allows('https://hooks.example.org/a');
    allows('https://one.lab.example:8443/a');
    allows('https://93.184.216.34/');
    refuses('https://hooks.example.org/', /which is empty/, { hosts: [] });
    refuses('https://example.org/', /not one of the setting/);
    refuses('https://evil.hooks.example.org/', /not one of the setting/);
    refuses('https://lab.example/', /not one of the setting/);
    refuses('https://evillab.example/', /not one of the setting/);
    refuses('http://hooks.example.org/', /allowed is https/);
    refuses('https://user:secret@hooks.example.org/', /no credentials/);
  });

  it('no address of a private network, however it is written', () => {
    for (const url of ['https://10.0.0.7/', 'https://0x0a000007/', 'https://167772167/', 'https://[::1]/']) refuses(url, /private network/);
    allows('http://10.0.0.7/', { privateAddresses: true });
    const inside = ['127.0.0.1', '10.1.2.3', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '::1', 'fd00::1', 'fe80::1', '::ffff:10.0.0.1', '64:ff9b::a00:1', 'name'];
    for (const address of inside) assert.ok(isPrivateAddress(address), address);
    for (const address of ['93.184.216.34', '172.32.0.1', '2606:2800:220:1::1', '::ffff:93.184.216.34']) assert.ok(!isPrivateAddress(address), address);
  });

  it('no name that leads to such an address, whatever it led to before', async () => {
    const policy = { hosts: ['localhost'], privateAddresses: false };
    const called = post(new URL('https://localhost:9/'), {}, '{}', policy, AbortSignal.timeout(5_000));
    await assert.rejects(called, (error: Error & { details?: { cause?: string } }) => error.details?.cause === 'EPRIVATE');
  });
});
