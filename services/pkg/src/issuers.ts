import type { pkgApi } from '@medveil/client';
import { defineJob, type Queries, type TransactionQueries } from '@medveil/database';
import { accreditationLeaf, bytesToField, FIELD_BYTES, IssuerTree, MAX_ISSUERS } from '@medveil/eligibility';
import { concatBytes, fromBase64Url, toHex } from '@medveil/encoding';
import { type ECert, type IssuerRequest, verifyIssuerRequest } from '@medveil/identity';
import { and, asc, count, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import type { Certificates } from './certificates.js';
import type { PkgContext } from './context.js';
import { PkgError } from './errors.js';
import { enrolments, issuers, issuerTree, ONLY } from './tables.js';

/** Brings the ledger's root up to the tree of this version or a later one. */
export const PUBLISH_ISSUERS = defineJob({
  name: 'publish-issuers',
  payload: z.strictObject({ version: z.int().min(1) }),
  maxAttempts: 1_000_000,
  backoffMs: { first: 500, longest: 30_000 },
});

/** A hospital rotates its key now and then; a patient's agents are few. */
const MAX_ISSUERS_PER_ENROLMENT = 32;
const NO_LEAF = new Uint8Array(FIELD_BYTES);

/** The tree of accredited issuers at one version. */
export interface IssuerSnapshot {
  readonly version: number;
  readonly publishedVersion: number;
  /** The last removal is not on the ledger yet: superseded roots must not be accepted any longer. */
  readonly removalPending: boolean;
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly leaves: pkgApi.Issuers['leaves'];
}

/** Who may attest records: leaves of the tree whose root is on the ledger (docs/scheme.md, section 6). */
export class Issuers {
  #computed: Pick<IssuerSnapshot, 'version' | 'root' | 'leaves'> | undefined;

  constructor(
    private readonly context: Pick<PkgContext, 'chainId' | 'database' | 'jobs' | 'clock'>,
    private readonly certificates: Certificates,
  ) {}

  /** @throws PkgError, IdentityError of `verifyIssuerRequest`, CodedError `eligibility/bad-issuer`, `eligibility/issuer-tree-full` */
  async accredit({ request, certificate }: pkgApi.IssuerRequest, caller: string): Promise<pkgApi.Accreditation> {
    const { chainId, database, jobs } = this.context;
    const sender = await this.certificates.verify(certificate, caller);
    const wanted = verifyIssuerRequest(fromBase64Url(request), sender, chainId);
    this.certificates.requireRecent(wanted.requestedAtMs);
    const s = wanted.kind === 'self' ? subjectOf(sender) : NO_LEAF;
    const leaf = accreditationLeaf(concatBytes(wanted.ax, wanted.ay), bytesToField(s));
    const accreditation = await database.transaction((tx) => this.#insert(tx, sender, wanted, { s, leaf }));
    jobs.notify();
    return accreditation;
  }

  async list(): Promise<pkgApi.Issuers> {
    const { root, leaves, version, publishedVersion } = await this.snapshot();
    return { root: toHex(root), leaves, onLedger: publishedVersion >= version };
  }

  async snapshot(): Promise<IssuerSnapshot> {
    const { row, computed } = await this.context.database.transaction(async (tx) => {
      const tree = await readTree(tx);
      return { row: tree, computed: this.#computed?.version === tree.version ? this.#computed : await computeTree(tx, tree) };
    });
    this.#computed = computed;
    return { ...computed, publishedVersion: row.publishedVersion, removalPending: row.removedVersion > row.publishedVersion };
  }

  /** Removes an enrolment's issuers within the transaction that revokes it. @returns whether there were any */
  async remove(tx: TransactionQueries, enrolmentId: string): Promise<boolean> {
    const tree = await readTree(tx, 'update');
    const version = tree.version + 1;
    const removed = await tx
      .update(issuers)
      .set({ removedAtMs: this.context.clock() })
      .where(and(eq(issuers.enrolmentId, enrolmentId), isNull(issuers.removedAtMs)))
      .returning({ place: issuers.place });
    if (removed.length === 0) return false;
    await tx.update(issuerTree).set({ version, removedVersion: version }).where(eq(issuerTree.id, ONLY));
    await this.context.jobs.enqueue(tx, PUBLISH_ISSUERS, { key: `version-${version}`, payload: { version } });
    return true;
  }

  async markPublished(version: number): Promise<void> {
    await this.context.database.transaction(async (tx) => {
      const tree = await readTree(tx, 'update');
      if (tree.publishedVersion < version) await tx.update(issuerTree).set({ publishedVersion: version }).where(eq(issuerTree.id, ONLY));
    });
  }

  async #insert(
    tx: TransactionQueries,
    { enrolmentId }: ECert,
    { ax, ay }: IssuerRequest,
    { s, leaf }: { readonly s: Uint8Array; readonly leaf: Uint8Array },
  ): Promise<pkgApi.Accreditation> {
    const tree = await readTree(tx, 'update');
    await requireEnrolled(tx, enrolmentId);
    const [known] = await tx.select().from(issuers).where(eq(issuers.leaf, leaf));
    if (known !== undefined) return accreditationOf(known, enrolmentId, tree.publishedVersion);
    if (tree.size >= MAX_ISSUERS) throw new PkgError('pkg/too-many-issuers', 'the tree of issuers is full', { max: MAX_ISSUERS });
    const [held] = await tx.select({ number: count() }).from(issuers).where(eq(issuers.enrolmentId, enrolmentId));
    if ((held?.number ?? 0) >= MAX_ISSUERS_PER_ENROLMENT) {
      throw new PkgError('pkg/too-many-issuers', 'no more issuers for this enrolment', { max: MAX_ISSUERS_PER_ENROLMENT });
    }
    const [place, version] = [tree.size, tree.version + 1];
    await tx.insert(issuers).values({ place, enrolmentId, ax, ay, s, leaf, version });
    await tx.update(issuerTree).set({ size: place + 1, version }).where(eq(issuerTree.id, ONLY));
    await this.context.jobs.enqueue(tx, PUBLISH_ISSUERS, { key: `version-${version}`, payload: { version } });
    return { place, onLedger: false };
  }
}

function accreditationOf(known: typeof issuers.$inferSelect, enrolmentId: string, publishedVersion: number): pkgApi.Accreditation {
  if (known.enrolmentId !== enrolmentId) throw new PkgError('pkg/key-in-use', 'the key is accredited for another enrolment');
  if (known.removedAtMs !== null) throw new PkgError('pkg/issuer-removed', 'the key was accredited and removed', { place: known.place });
  return { place: known.place, onLedger: known.version <= publishedVersion };
}

async function requireEnrolled(tx: TransactionQueries, enrolmentId: string): Promise<void> {
  const [row] = await tx.select({ revokedAtMs: enrolments.revokedAtMs }).from(enrolments).where(eq(enrolments.enrolmentId, enrolmentId));
  if (row === undefined || row.revokedAtMs !== null) throw new PkgError('pkg/enrolment-revoked', 'the enrolment is revoked', { enrolmentId });
}

async function readTree(tx: TransactionQueries, lock?: 'update'): Promise<typeof issuerTree.$inferSelect> {
  const query = tx.select().from(issuerTree).where(eq(issuerTree.id, ONLY));
  const [row] = await (lock === undefined ? query : query.for(lock));
  if (row === undefined) throw new Error('the tree of issuers is missing from the database');
  return row;
}

async function computeTree(queries: Queries, { version }: { readonly version: number }): Promise<Pick<IssuerSnapshot, 'version' | 'root' | 'leaves'>> {
  const rows = await queries.select().from(issuers).orderBy(asc(issuers.place));
  const tree = IssuerTree.of(rows.map(({ leaf, removedAtMs }) => (removedAtMs === null ? leaf : NO_LEAF)));
  const leaves = rows.map(({ ax, ay, s, removedAtMs }) => (removedAtMs === null ? { ax: toHex(ax), ay: toHex(ay), s: toHex(s) } : null));
  return { version, root: tree.root, leaves };
}

function subjectOf({ subjectCommitment }: ECert): Uint8Array {
  if (subjectCommitment === null) throw new PkgError('pkg/bad-subject', 'the E-Cert certifies no subject to attest under');
  return subjectCommitment;
}
