import { type BodyOf, preStatementOf } from '@medveil/agreements';
import { encodeCanonical, toBase64Url, utf8 } from '@medveil/encoding';
import { hpkeSeal } from '@medveil/identity';
import { encodeLabel, isPreError } from '@medveil/pre';
import { and, eq } from 'drizzle-orm';
import type { AgentContext } from '../agent.js';
import { PatientApiError } from '../errors.js';
import type { Connections } from '../ledger/connections.js';
import { type ExchangePartRow, members } from '../tables.js';
import type { ExchangeStore } from './exchange-store.js';
import type { Instance } from './instance.js';

const INFO = utf8('medveil/grant/1');

interface PartKey {
  readonly row: ExchangePartRow;
  readonly label: Uint8Array;
  readonly reKey: Uint8Array;
}

/** Phase 8 on the owner's side: re-encryption keys for the one institution whose claim was accepted, and for the parts it asked for. */
export class Grants {
  constructor(
    private readonly context: AgentContext,
    private readonly connections: Connections,
    private readonly store: ExchangeStore,
  ) {}

  /**
   * Seals the keys to the proxy that the consortium has pinned, and hands them over. Idempotent.
   * @throws PatientApiError `patient-api/proxy-not-pinned`, `/grant-refused`
   */
  async grant(instance: Instance): Promise<void> {
    const { pseudonym } = instance;
    const claimId = claimOf(instance);
    const { proxy } = this.connections.as(pseudonym);
    const sealKey = await this.#sealKey((await proxy.parameters()).account);
    const keys = (await this.#keys(instance)).map(({ row, reKey }) => ({ part: row.part, reKey }));
    const aad = encodeCanonical({ claimId, account: pseudonym.account });
    const sealed = await hpkeSeal(sealKey, { info: INFO, aad }, encodeCanonical({ claimId, keys }), this.context.random);
    const { status } = await proxy.grant({ claimId, sealed: toBase64Url(sealed) });
    if (status === 'refused' || status === 'revoked') throw new PatientApiError('patient-api/grant-refused', 'the proxy did not take the grant', { status });
  }

  /** What the proxy would record, made here: the re-encrypted capsules with proofs that they are right. */
  async delivery(instance: Instance): Promise<BodyOf<'record-delivery'>> {
    const { pre, random, chainId } = this.context;
    const { pseudonym, commitment } = instance;
    const claimId = claimOf(instance);
    const delegateeKey = delegateeOf(instance);
    const parts = (await this.#keys(instance)).map(({ row, reKey }) => {
      const transformed = pre.reEncrypt(row.capsule, reKey);
      const statement = preStatementOf({
        chainId, record: commitment.h, part: row.part, version: row.version, claimId,
        ownerKey: pseudonym.ownerKey.publicKey, delegateeKey, capsule: row.capsule, transformed,
      });
      return { part: row.part, transformed, proof: pre.proveReEncryption({ ...statement, reKey }, random) };
    });
    return { type: 'record-delivery', claimId, parts };
  }

  async #keys(instance: Instance): Promise<PartKey[]> {
    const { pre, chainId } = this.context;
    const { exchange, pseudonym, requirement, commitment } = instance;
    const delegateeKey = delegateeOf(instance);
    this.#refuseRelated(pseudonym.ownerKey.publicKey, delegateeKey);
    const rows = await this.store.parts(exchange.exchangeId);
    return requirement.terms.parts.flatMap((wanted) =>
      rows.filter(({ part }) => part === wanted).map((row): PartKey => {
        const label = encodeLabel({ chainId, record: commitment.h, part: row.part, version: row.version });
        return { row, label, reKey: pre.reKeyGen(pseudonym.ownerKey, label, delegateeKey) };
      }),
    );
  }

  #refuseRelated(ownerKey: Uint8Array, delegateeKey: Uint8Array): void {
    try {
      this.context.pre.refuseRelatedKeys(ownerKey, delegateeKey);
    } catch (cause) {
      if (!isPreError(cause)) throw cause;
      throw new PatientApiError('patient-api/related-keys', 'the institution’s key is not one to re-encrypt for', { code: cause.code }, { cause });
    }
  }

  async #sealKey(account: string): Promise<Uint8Array> {
    const [pinned] = await this.context.database.queries.select().from(members).where(and(eq(members.account, account as `acc_${string}`), eq(members.role, 'proxy')));
    if (pinned?.sealKey == null) throw new PatientApiError('patient-api/proxy-not-pinned', 'the proxy names an account that the consortium has not pinned', { account });
    return pinned.sealKey;
  }
}

function claimOf({ exchange }: Instance): `clm_${string}` {
  if (exchange.claimId === null) throw new PatientApiError('patient-api/unknown-exchange', 'the exchange has no claim yet');
  return exchange.claimId;
}

/** Pinned on the ledger when the claim was accepted. */
function delegateeOf({ exchange }: Instance): Uint8Array {
  if (exchange.delegateeKey === null) throw new PatientApiError('patient-api/related-keys', 'the ledger pins no key of the institution');
  return exchange.delegateeKey;
}
