import { pkgApi } from '@medveil/client';
import { accreditationLeaf, bytesToField, IssuerTree } from '@medveil/eligibility';
import { concatBytes, equalBytes, fromBase64Url, toBase64Url, toHex } from '@medveil/encoding';
import {
  createEnrolmentToken, encodeOpeningWitness, type EnrolmentRequest, issueECert, issueTCerts, verifyECert, verifyEnrolmentRequest, verifyIssuerRequest, verifyTCertRequest,
} from '@medveil/identity';
import type { Asked, Route } from './http-server.js';
import type { TestWorld } from './test-world.js';

const DAY_MS = 86_400_000;

/** The PKG's side of the agent's requests, with the real certificates. */
export class TestPkg {
  /** enrolments whose certificate was renewed, in order */
  readonly renewed: string[] = [];
  readonly #tokens = new Map<string, string>();
  readonly #answers = new Map<string, unknown>();
  readonly #leaves: { ax: Uint8Array; ay: Uint8Array }[] = [];

  constructor(private readonly world: TestWorld) {}

  /** A one-time token, as the consortium's operator hands it to a hospital. */
  token(enrolmentId: string): string {
    const { token } = createEnrolmentToken(this.world.random);
    this.#tokens.set(toBase64Url(token), enrolmentId);
    return toBase64Url(token);
  }

  readonly route: Route = async (method, asked) => {
    const { path, caller } = asked;
    if (path === '/v1/enrolments') return this.#enrol(asked);
    if (method === 'GET' && path === '/v1/issuers') return this.#issuers();
    if (caller === null) throw new Error('no credential');
    if (path === '/v1/enrolment-tokens') {
      const { enrolmentId, role } = pkgApi.enrolmentTokenRequestSchema.parse(asked.json());
      return { token: this.token(enrolmentId), enrolmentId, role, expiresAtMs: this.world.clock() + DAY_MS };
    }
    if (path === '/v1/enrolments/renewals') return this.#renew(asked);
    if (path === '/v1/t-certs') return this.#tCerts(asked);
    if (path === '/v1/issuers') return this.#accredit(asked);
    return undefined;
  };

  async #once(key: string, make: () => Promise<unknown>): Promise<unknown> {
    if (!this.#answers.has(key)) this.#answers.set(key, await make());
    return this.#answers.get(key);
  }

  #enrol(asked: Asked): Promise<unknown> {
    const { token, request } = pkgApi.enrolmentRequestSchema.parse(asked.json());
    return this.#once(request, async () => {
      const wanted = verifyEnrolmentRequest(fromBase64Url(request), this.world.network.chainId);
      if (this.#tokens.get(token) !== wanted.enrolmentId) throw new Error('unknown token');
      this.#tokens.delete(token);
      return this.#certify(wanted);
    });
  }

  #renew(asked: Asked): Promise<unknown> {
    const { request, certificate } = pkgApi.renewalRequestSchema.parse(asked.json());
    return this.#once(request, async () => {
      const { authority, clock, network } = this.world;
      const { serial, publicKey } = verifyECert(fromBase64Url(certificate), authority.certificate, clock());
      const wanted = verifyEnrolmentRequest(fromBase64Url(request), network.chainId, publicKey);
      if (wanted.authority.kind !== 'renewal' || wanted.authority.serial !== serial) throw new Error('renews another certificate');
      this.renewed.push(wanted.enrolmentId);
      return this.#certify(wanted);
    });
  }

  async #certify(wanted: EnrolmentRequest): Promise<pkgApi.Enrolment> {
    const { authority, clock, random } = this.world;
    const validity = { notBeforeMs: clock() - 1_000, notAfterMs: clock() + 365 * DAY_MS };
    const certificate = await issueECert({ subject: wanted, authority, ...validity }, random);
    return { enrolmentId: wanted.enrolmentId, role: wanted.role, certificate: toBase64Url(certificate), notAfterMs: validity.notAfterMs };
  }

  #tCerts(asked: Asked): Promise<unknown> {
    const { request, certificate } = pkgApi.tCertBatchRequestSchema.parse(asked.json());
    return this.#once(request, async () => {
      const { authority, clock, network, pre, keys, committees, random } = this.world;
      const sender = verifyECert(fromBase64Url(certificate), authority.certificate, clock());
      const batch = verifyTCertRequest(fromBase64Url(request), sender, network.chainId, pre);
      const issued = await issueTCerts(batch, { key: keys.tCert, schedule: network.epochs, committees, atMs: clock() }, random);
      return { certificates: issued.map((one) => ({ certificate: toBase64Url(one.certificate), witness: toBase64Url(encodeOpeningWitness(one.witness)) })) };
    });
  }

  async #accredit(asked: Asked): Promise<unknown> {
    const { request, certificate } = pkgApi.issuerRequestSchema.parse(asked.json());
    const { authority, clock, network, ledger, keys } = this.world;
    const sender = verifyECert(fromBase64Url(certificate), authority.certificate, clock());
    const { ax, ay } = verifyIssuerRequest(fromBase64Url(request), sender, network.chainId);
    const known = this.#leaves.findIndex((leaf) => equalBytes(leaf.ax, ax));
    if (known >= 0) return { place: known, onLedger: true };
    this.#leaves.push({ ax, ay });
    await ledger.execute(keys.pkgAccount, { type: 'update-issuers', root: this.#tree().root, immediate: false });
    return { place: this.#leaves.length - 1, onLedger: true };
  }

  #tree(): IssuerTree {
    return IssuerTree.of(this.#leaves.map(({ ax, ay }) => accreditationLeaf(concatBytes(ax, ay), bytesToField(new Uint8Array(32)))));
  }

  #issuers(): pkgApi.Issuers {
    const leaves = this.#leaves.map(({ ax, ay }) => ({ ax: toHex(ax), ay: toHex(ay), s: toHex(new Uint8Array(32)) }));
    return { root: toHex(this.#tree().root), onLedger: true, leaves };
  }
}
