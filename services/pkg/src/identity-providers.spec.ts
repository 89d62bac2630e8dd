import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { toBase64Url } from '@medveil/encoding';
import { enrolmentKeyNonce } from '@medveil/identity';
import { generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { IdentityProviders, identityProviderSchema, identityProvidersSchema } from './identity-providers.js';
import type { PkgSettings } from './settings.js';
import { CLIENT_ID, TestProvider } from './spec-provider.js';
import { Party, problem, World } from './spec-world.js';

const ISSUER = 'https://login.example';
const refused = problem('pkg/bad-id-token', 401);

describe('registration by an identity provider', () => {
  let provider: TestProvider;
  let world: World;
  before(async () => {
    provider = await TestProvider.start();
    const common = { clientId: CLIENT_ID, jwksUri: provider.url, algorithms: ['ES256'] };
    world = await World.open({
      identityProviders: identityProvidersSchema.parse([
        { ...common, name: 'login', issuer: ISSUER, claims: { email_verified: true } },
        { ...common, name: 'other', issuer: 'https://other.example' },
      ]),
    });
  });
  after(async () => {
    await world.close();
    await provider.close();
  });

  /** The claims of a token for this party's key, as the provider would make it now. */
  const claims = (party: Party, changes: JWTPayload = {}): JWTPayload => ({
    iss: ISSUER, sub: 'ana', aud: CLIENT_ID, nonce: enrolmentKeyNonce(world.network.chainId, party.keys.enrolment.publicKey), email_verified: true,
    iat: seconds(), exp: seconds() + 300, ...changes,
  });
  const seconds = (): number => Math.floor(world.nowMs / 1_000);
  const ask = (party: Party, idToken: string, name = 'login') => world.anonymous.recognise({ provider: name, idToken, publicKey: toBase64Url(party.keys.enrolment.publicKey) });
  /** Keys of somebody who does not know their enrolment id yet. */
  const somebody = () => Party.make(world, 'unknown', 'patient');
  const as = (party: Party, enrolmentId: string) => Party.make(world, enrolmentId, 'patient', party.keys);

  it('enrols whom the provider names, with the key that they logged in for', async () => {
    const person = await somebody();
    const { token, enrolmentId, role } = await ask(person, await provider.sign(claims(person)));
    assert.equal(role, 'patient');
    assert.match(enrolmentId, /^login-[0-9a-f]{32}$/);
    const thief = await as(await somebody(), enrolmentId);
    await assert.rejects(world.anonymous.enrol(thief.enrolment(token)), problem('pkg/token-mismatch', 403));
    const party = await as(person, enrolmentId);
    await party.enrol(token);
    assert.equal((await party.client.requestTCerts(party.batch([party.pseudonym(0)]))).certificates.length, 1);
  });

  it('knows a person again, and enrols one only once', async () => {
    const person = await somebody();
    const first = await ask(person, await provider.sign(claims(person, { sub: 'ben' })));
    await (await as(person, first.enrolmentId)).enrol(first.token);
    const again = await somebody();
    const second = await ask(again, await provider.sign(claims(again, { sub: 'ben' })));
    assert.equal(second.enrolmentId, first.enrolmentId);
    await assert.rejects(world.anonymous.enrol((await as(again, second.enrolmentId)).enrolment(second.token)), problem('pkg/subject-changed', 409));
    const others = [await ask(again, await provider.sign(claims(again, { sub: 'Ben' }))), await ask(again, await provider.sign(claims(again, { iss: 'https://other.example', sub: 'ben' })), 'other')];
    assert.equal(new Set([first, ...others].map(({ enrolmentId }) => enrolmentId)).size, 3);
    const hospital = await world.enrolled('hospital-1', 'hospital');
    await assert.rejects(hospital.client.createEnrolmentToken('patient', first.enrolmentId), problem('pkg/not-yours', 403));
    await world.operator().revoke({ enrolmentId: first.enrolmentId, reason: 'a test' });
    await assert.rejects(ask(person, await provider.sign(claims(person, { sub: 'ben' }))), problem('pkg/enrolment-revoked', 403));
  });

  it('takes no token that is for another service, another key, another provider, too old, or without what is asked for', async () => {
    const person = await somebody();
    const { nonce: _, ...withoutNonce } = claims(person);
    const { sub: __, ...withoutSubject } = claims(person);
    const { exp: ___, ...withoutEnd } = claims(person);
    const cases: JWTPayload[] = [
      claims(person, { iss: 'https://other.example' }),
      claims(person, { aud: 'another-service' }),
      claims(person, { aud: [CLIENT_ID, 'another-service'] }),
      claims(person, { azp: 'another-service' }),
      claims(person, { nonce: enrolmentKeyNonce(world.network.chainId, (await somebody()).keys.enrolment.publicKey) }),
      claims(person, { nonce: enrolmentKeyNonce('elsewhere', person.keys.enrolment.publicKey) }),
      claims(person, { exp: seconds() - 60 }),
      claims(person, { iat: seconds() - 660, exp: seconds() + 300 }),
      claims(person, { iat: seconds() + 600 }),
      claims(person, { nbf: seconds() + 600 }),
      claims(person, { sub: '' }),
      claims(person, { email_verified: 'true' }),
      withoutNonce, withoutSubject, withoutEnd,
    ];
    for (const payload of cases) await assert.rejects(ask(person, await provider.sign(payload)), refused, JSON.stringify(payload));
    await assert.rejects(ask(person, await provider.sign(claims(person)), 'other'), refused);
    const { aud, azp } = { aud: [CLIENT_ID, 'another-service'], azp: CLIENT_ID };
    await ask(person, await provider.sign(claims(person, { aud, azp })));
  });

  it('takes no token that the provider has not signed, by an algorithm that it signs with', async () => {
    const person = await somebody();
    const stranger = await generateKeyPair('ES256');
    await assert.rejects(ask(person, await provider.sign(claims(person), stranger.privateKey)), refused);
    const rsa = await generateKeyPair('RS256');
    await assert.rejects(ask(person, await provider.sign(claims(person), rsa.privateKey, 'RS256')), refused);
    await assert.rejects(ask(person, new UnsecuredJWT(claims(person)).encode()), refused);
    const published = new TextEncoder().encode(await (await fetch(provider.url)).text());
    await assert.rejects(ask(person, await new SignJWT(claims(person)).setProtectedHeader({ alg: 'HS256', kid: 'one' }).sign(published)), refused);
    const [head, , signature] = (await provider.sign(claims(person))).split('.');
    const forged = toBase64Url(new TextEncoder().encode(JSON.stringify(claims(person, { sub: 'cleo' }))));
    await assert.rejects(ask(person, [head, forged, signature].join('.')), refused);
    for (const text of ['x', 'a.b.c', '..']) await assert.rejects(ask(person, text), refused);
  });

  it('is of configured providers only, whose keys can be had', async () => {
    const person = await somebody();
    await assert.rejects(ask(person, await provider.sign(claims(person)), 'unheard-of'), problem('pkg/unknown-provider', 403));
    await world.restart();
    provider.isAway = true;
    const token = await provider.sign(claims(person));
    await assert.rejects(ask(person, token), problem('pkg/provider-unavailable', 503));
    provider.isAway = false;
    await ask(person, token);
  });

  it('is configured without doubt: names and issuers once, no symmetric algorithm, keys over https', async () => {
    const one = { name: 'login', issuer: ISSUER, clientId: CLIENT_ID, jwksUri: `${ISSUER}/keys` };
    assert.equal(identityProviderSchema.safeParse({ ...one, algorithms: ['HS256'] }).success, false);
    assert.equal(identityProviderSchema.safeParse({ ...one, algorithms: [] }).success, false);
    assert.equal(identityProviderSchema.safeParse({ ...one, role: 'auditor' }).success, false);
    assert.equal(identityProvidersSchema.safeParse([one, { ...one, issuer: 'https://other.example' }]).success, false);
    assert.equal(identityProvidersSchema.safeParse([one, { ...one, name: 'other' }]).success, false);
    assert.deepEqual(identityProvidersSchema.parse([one])[0]?.algorithms, ['RS256', 'ES256']);
    const identityProviders = identityProvidersSchema.parse([{ ...one, jwksUri: 'http://login.example/keys' }]);
    const { settings, network, clock } = world;
    const configured = (mode: PkgSettings['mode']) => new IdentityProviders({ settings: { ...settings, mode, identityProviders }, chainId: network.chainId, clock });
    configured('development');
    assert.throws(() => configured('production'), { code: 'pkg/bad-provider' });
  });
});
