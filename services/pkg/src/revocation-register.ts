import type { TransactionQueries } from '@medveil/database';
import {
  emptyRevocationList, revocationCheck, type RevocationCheck, type RevocationList, revoke, signRevocationList, type TCert, verifyRevocationList,
} from '@medveil/identity';
import { eq } from 'drizzle-orm';
import type { PkgContext } from './context.js';
import { ONLY, revocationList } from './tables.js';

interface InForce {
  readonly sequence: number;
  readonly signed: Uint8Array;
  readonly check: RevocationCheck;
}

/** The signed list of what is no longer good. It changes in the same transaction as the register. */
export class RevocationRegister {
  #inForce: InForce | undefined;

  constructor(private readonly context: Pick<PkgContext, 'chainId' | 'keys' | 'database' | 'clock'>) {}

  /** Makes the empty list where there is none yet. */
  async open(): Promise<void> {
    const { chainId, keys, database, clock } = this.context;
    const list = signRevocationList(emptyRevocationList(chainId, clock()), keys.tCertKey);
    await database.queries.insert(revocationList).values({ id: ONLY, sequence: 0, list }).onConflictDoNothing();
    await this.inForce();
  }

  /** The list that the database has now, whoever changed it. */
  async inForce(): Promise<InForce> {
    const { queries } = this.context.database;
    const [newest] = await queries.select({ sequence: revocationList.sequence }).from(revocationList).where(eq(revocationList.id, ONLY));
    if (this.#inForce !== undefined && this.#inForce.sequence === newest?.sequence) return this.#inForce;
    const [row] = await queries.select().from(revocationList).where(eq(revocationList.id, ONLY));
    if (row === undefined) throw new Error('the revocation list is missing from the database');
    this.#inForce = { sequence: row.sequence, signed: row.list, check: revocationCheck(this.#read(row.list)) };
    return this.#inForce;
  }

  /** As of the last `inForce`: for checks that cannot wait. */
  readonly check: RevocationCheck = {
    isECertRevoked: (serial) => this.#loaded().check.isECertRevoked(serial),
    isTCertRevoked: (cert) => this.#loaded().check.isTCertRevoked(cert),
  };

  async add(
    tx: TransactionQueries,
    added: { readonly eCerts: readonly string[]; readonly tCerts: readonly Pick<TCert, 'serial' | 'notBeforeMs' | 'notAfterMs'>[] },
  ): Promise<void> {
    const [row] = await tx.select().from(revocationList).where(eq(revocationList.id, ONLY)).for('update');
    if (row === undefined) throw new Error('the revocation list is missing from the database');
    const next = revoke(this.#read(row.list), added, this.context.clock());
    const list = signRevocationList(next, this.context.keys.tCertKey);
    await tx.update(revocationList).set({ sequence: next.sequence, list }).where(eq(revocationList.id, ONLY));
  }

  #loaded(): InForce {
    if (this.#inForce === undefined) throw new Error('the revocation register is not open');
    return this.#inForce;
  }

  #read(signed: Uint8Array): RevocationList {
    const { chainId, keys } = this.context;
    return verifyRevocationList(signed, keys.tCertKey.publicKey, chainId);
  }
}
