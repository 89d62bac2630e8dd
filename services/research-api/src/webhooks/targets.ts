import { lookup as dnsLookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { ResearchApiError } from '../errors.js';

export interface WebhookPolicy {
  /** host names that may be called; `*.example.org` stands for all below it. None: nobody is called. */
  readonly hosts: readonly string[];
  /** also addresses of private networks, and http */
  readonly privateAddresses: boolean;
}

/** What is not the public internet (IANA special-purpose registries, RFC 6890). */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.168.0.0', 16],
  ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 3],
] as const) PRIVATE.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [['::', 128], ['::1', 128], ['64:ff9b::', 96], ['100::', 64], ['2001:db8::', 32], ['fc00::', 7], ['fe80::', 10], ['ff00::', 8]] as const) PRIVATE.addSubnet(network, prefix, 'ipv6');

export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return isPrivateAddress(mapped);
  const family = isIP(address);
  return family === 0 || PRIVATE.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

const refused = (why: string): ResearchApiError => new ResearchApiError('research-api/webhook-target-refused', `the target is refused: ${why}`);

/** @throws ResearchApiError `research-api/webhook-target-refused`, saying what is allowed */
export function requireTarget(url: URL, { hosts, privateAddresses }: WebhookPolicy): void {
  if (url.protocol !== 'https:' && !(privateAddresses && url.protocol === 'http:')) throw refused('allowed is https');
  if (url.username !== '' || url.password !== '') throw refused('no credentials in the URL; the signature says who calls');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isAllowed = hosts.some((allowed) => (allowed.startsWith('*.') ? host.endsWith(allowed.slice(1)) : host === allowed));
  if (!isAllowed) throw refused(`the host is not one of the setting webhooks.hosts (${hosts.length === 0 ? 'which is empty' : hosts.join(', ')})`);
  if (isIP(host) !== 0 && !privateAddresses && isPrivateAddress(host)) throw refused('an address of a private network');
}

/** Resolves a name and gives back public addresses only: what is checked is what is connected to, whatever the name says next time. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
    const usable = addresses?.filter(({ address }) => !isPrivateAddress(address)) ?? [];
    const [first] = usable;
    if (error !== null) callback(error, []);
    else if (first === undefined) callback(Object.assign(new Error('no public address'), { code: 'EPRIVATE' }), []);
    else if (options.all === true) callback(null, usable);
    else callback(null, first.address, first.family);
  });
};

/**
 * One POST, no redirects followed, the answer's body not read.
 * @returns the status
 * @throws ResearchApiError `research-api/webhook-not-delivered`
 */
export function post(url: URL, headers: Readonly<Record<string, string>>, body: string, policy: WebhookPolicy, signal: AbortSignal): Promise<number> {
  requireTarget(url, policy);
  const options: RequestOptions = { method: 'POST', headers, signal, timeout: 10_000, agent: false, ...(policy.privateAddresses ? {} : { lookup: publicLookup }) };
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => {
      reject(new ResearchApiError('research-api/webhook-not-delivered', 'the receiver was not reached', { cause: cause.code ?? 'unexpected' }, { cause }));
    };
    const call = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    call.on('timeout', () => call.destroy(Object.assign(new Error('too slow'), { code: 'ETIMEDOUT' })));
    call.on('error', fail);
    call.end(body);
  });
}
