import { type CborValue, toHex } from '@medveil/encoding';
import { z } from 'zod';
import { DecodedEntries } from './decoded-entries.js';
import { AgreementsFault } from './errors.js';
import { chainIdSchema, parametersSchema, verificationKeysSchema, voucherKeySchema } from './parameters.js';
import { contradictionKindSchema, EVIDENCE_BYTES_MAX, blindedVoucherSchema, proposalSchema, recordPartSchema } from './transactions.js';
import {
  accountIdSchema, amountSchema, accountKeySchema, bytes, bytes32Schema, claimIdSchema, disputeOutcomeSchema, domainIdSchema, openingReasonSchema, domainRegistrySchema,
  fieldElementSchema, recordIdSchema, requirementIdSchema, roleSchema, serialSchema, termsSchema, timeMsSchema,
  voucherRequestIdSchema,
} from './vocabulary.js';

/** What a table needs of a state: a view of the ledger, a draft, or a light client's proven entries. */
export interface Readable {
  get(key: string): CborValue | undefined;
  /** As StateReader of @medveil/ledger. */
  bytes?(key: string): Uint8Array | undefined;
}
export interface Writable {
  put(key: string, value: CborValue): void;
  delete(key: string): void;
}

/**
 * The contract's state: one table for each kind of entry, every entry under a key of its own, so that a light client
 * can ask for a proof of exactly what it needs. `key` is for them, `read` for the read side, `write` for the rules.
 */
export interface Table<Entry, Name extends readonly string[]> {
  readonly prefix: string;
  /** Where the entry stands in the state tree. */
  key(...name: Name): string;
  /** Of a value of the state tree. @throws AgreementsFault `agreements/corrupt-state` */
  decode(value: CborValue): Entry;
  /** By where it stands. @returns null where there is none */
  at(state: Readable, key: string): Entry | null;
  /** @returns null where there is none */
  read(state: Readable, ...name: Name): Entry | null;
  write(state: Writable, entry: Entry, ...name: Name): void;
  remove(state: Writable, ...name: Name): void;
}

/** Where an entry is kept once it has its bytes. What a draft still holds as it was written is an entry already. */
const written = new WeakMap<object, (encoded: Uint8Array) => void>();

/** What was written need not be decoded when it is read. @param encoded as the state holds it, made from `value` */
export function rememberWritten(value: CborValue, encoded: Uint8Array): void {
  if (typeof value === 'object' && value !== null) written.get(value)?.(encoded);
}

function table<Schema extends z.ZodType, Name extends readonly string[]>(prefix: string, schema: Schema): Table<z.infer<Schema>, Name> {
  type Entry = z.infer<Schema>;
  const key = (...name: Name): string => [prefix, ...name].join('/');
  const decode = (value: CborValue): Entry => {
    const parsed = schema.safeParse(value);
    if (!parsed.success) throw new AgreementsFault('agreements/corrupt-state', `an entry of ${prefix} does not have its form`, { table: prefix });
    return parsed.data;
  };
  const decoded = new DecodedEntries<Entry>();
  const at = (state: Readable, place: string): Entry | null => {
    const encoded = state.bytes?.(place);
    if (encoded !== undefined) return decoded.of(encoded, decode);
    const value = state.get(place);
    if (value === undefined) return null;
    return typeof value === 'object' && value !== null && written.has(value) ? (value as Entry) : decode(value);
  };
  return {
    prefix, key, decode, at,
    read: (state, ...name) => at(state, key(...name)),
    write: (state, entry, ...name) => {
      if (typeof entry === 'object' && entry !== null) written.set(entry, (encoded) => decoded.keep(encoded, entry));
      state.put(key(...name), entry as CborValue);
    },
    remove: (state, ...name) => state.delete(key(...name)),
  };
}

const heightSchema = z.int().min(0);

/** Who the chain is and whom it believes. Written once, by genesis. */
export const chainEntrySchema = z.strictObject({
  chainId: chainIdSchema,
  pkgPublicKey: accountKeySchema,
  feeAccount: accountIdSchema,
  allowDevelopmentKeys: z.boolean(),
});
export const chainTable = table<typeof chainEntrySchema, []>('chain', chainEntrySchema);

export const parametersTable = table<typeof parametersSchema, []>('parameters', parametersSchema);
export const registryTable = table<typeof domainRegistrySchema, []>('registry', domainRegistrySchema);
export const verificationKeysTable = table<typeof verificationKeysSchema, []>('verification-keys', verificationKeysSchema);

/** Which rules are in force, and which will be from a height on. */
export const rulesEntrySchema = z.strictObject({
  version: z.int().min(1),
  next: z.strictObject({ version: z.int().min(1), height: heightSchema }).nullable(),
});
export const rulesTable = table<typeof rulesEntrySchema, []>('rules', rulesEntrySchema);

/** The last change of the replica set: the first height that the new one certifies. */
const replicaSetChangeSchema = z.strictObject({ fromHeight: heightSchema, decidedAtMs: timeMsSchema });
export const replicaSetChangeTable = table<typeof replicaSetChangeSchema, []>('replica-set-change', replicaSetChangeSchema);

/** Every set that was in force, by the first height that it certified: what evidence is checked against. */
export const replicaIdSchema = z.string().regex(/^[!-~]{1,64}$/);
const replicaIdentitiesSchema = z.array(z.strictObject({ id: replicaIdSchema, publicKey: accountKeySchema }));
export const replicaSetOfEpochTable = table<typeof replicaIdentitiesSchema, [epoch: string]>('replica-set-of', replicaIdentitiesSchema);

/** A replica that has contradicted itself, by what it was about: `faultName`. */
export const replicaFaultSchema = z.strictObject({
  replica: replicaIdSchema,
  /** The key that signed. */
  publicKey: accountKeySchema,
  kind: contradictionKindSchema,
  epoch: heightSchema,
  view: z.int().min(0),
  sequence: heightSchema,
  /** Credits taken from the bond. */
  penalty: amountSchema,
  evidence: bytes({ max: EVIDENCE_BYTES_MAX }),
  reporter: accountIdSchema,
  recordedAtMs: timeMsSchema,
  height: heightSchema,
});
export type ReplicaFaultEntry = z.infer<typeof replicaFaultSchema>;
export const replicaFaultTable = table<typeof replicaFaultSchema, [name: string]>('replica-fault', replicaFaultSchema);

/** The key under which a replica was at fault last. */
const replicaAtFaultSchema = z.strictObject({ publicKey: accountKeySchema });
export const replicaAtFaultTable = table<typeof replicaAtFaultSchema, [replica: string]>('replica-at-fault', replicaAtFaultSchema);

/** Credits behind a replica, and whose they are. */
const replicaBondSchema = z.strictObject({ account: accountIdSchema, amount: amountSchema });
export const replicaBondTable = table<typeof replicaBondSchema, [replica: string]>('replica-bond', replicaBondSchema);

/** What was ever made and destroyed. Their difference is what all accounts, escrows, holds and bonds sum up to. */
export const supplyEntrySchema = z.strictObject({ minted: amountSchema, redeemed: amountSchema });
export const supplyTable = table<typeof supplyEntrySchema, []>('supply', supplyEntrySchema);

export const accountSchema = z.strictObject({
  publicKey: accountKeySchema,
  role: roleSchema,
  /** The nonce that the account's next transaction has to carry. */
  nonce: z.int().min(0),
  balance: amountSchema,
  registeredAtMs: timeMsSchema,
  /** From the T-Cert; null for pinned accounts, which last until they are unpinned. */
  certificate: z.strictObject({ serial: serialSchema, ownerKey: bytes({ max: 128 }).nullable(), notAfterMs: timeMsSchema }).nullable(),
  revokedAtMs: timeMsSchema.nullable(),
});
export type AccountEntry = z.infer<typeof accountSchema>;
export const accountTable = table<typeof accountSchema, [account: string]>('account', accountSchema);

/** What the consortium pinned with an account, beside its key and role. */
export const memberEntrySchema = z.strictObject({
  name: z.string(),
  eCertHash: bytes32Schema.nullable(),
  delegateeKey: bytes({ max: 128 }).nullable(),
  sealKey: bytes32Schema.nullable(),
  pinnedAtMs: timeMsSchema,
});
export type MemberEntry = z.infer<typeof memberEntrySchema>;
export const memberTable = table<typeof memberEntrySchema, [account: string]>('member', memberEntrySchema);

/** Accounts pinned in a role and not unpinned since, sorted. */
const membersSchema = z.array(accountIdSchema);
export const membersTable = table<typeof membersSchema, [role: string]>('members', membersSchema);

/** A T-Cert revoked before it was used. */
const revokedSerialSchema = z.strictObject({ revokedAtMs: timeMsSchema });
export const revokedSerialTable = table<typeof revokedSerialSchema, [serialHex: string]>('revoked-serial', revokedSerialSchema);
/** A T-Cert's serial number registers one account. */
const usedSerialSchema = z.strictObject({ account: accountIdSchema });
export const usedSerialTable = table<typeof usedSerialSchema, [serialHex: string]>('used-serial', usedSerialSchema);

export const proposalEntrySchema = z.strictObject({
  proposal: proposalSchema,
  votes: z.array(accountIdSchema),
  decidedAtMs: timeMsSchema.nullable(),
});
export const proposalTable = table<typeof proposalEntrySchema, [proposalId: string]>('proposal', proposalEntrySchema);

export const issuersEntrySchema = z.strictObject({
  root: fieldElementSchema,
  sinceMs: timeMsSchema,
  /** Roots superseded until then have no grace. */
  noGraceUntilMs: timeMsSchema.nullable(),
});
export const issuersTable = table<typeof issuersEntrySchema, []>('issuers', issuersEntrySchema);
/** The history: every root that ever was, and until when it was current. */
export const issuerRootEntrySchema = z.strictObject({ fromMs: timeMsSchema, supersededAtMs: timeMsSchema.nullable() });
export const issuerRootTable = table<typeof issuerRootEntrySchema, [rootHex: string]>('issuer-root', issuerRootEntrySchema);

export const requirementSchema = z.strictObject({
  institution: accountIdSchema,
  terms: termsSchema,
  /** Derived from the parts asked for by the registry at release; empty slots are not listed. */
  domains: z.array(domainIdSchema),
  feePerRecord: amountSchema,
  status: z.enum(['open', 'closed', 'expired']),
  /** Claims accepted and neither lapsed, withdrawn nor refunded. */
  taken: z.int().min(0),
  settled: z.int().min(0),
  /** Credits for the places not taken. */
  escrow: amountSchema,
  releasedAtMs: timeMsSchema,
  height: heightSchema,
});
export type RequirementEntry = z.infer<typeof requirementSchema>;
export const requirementTable = table<typeof requirementSchema, [requirementId: string]>('requirement', requirementSchema);

export const recordEntrySchema = z.strictObject({
  record: fieldElementSchema,
  account: accountIdSchema,
  /** P1. */
  ownerKey: bytes({ max: 128 }),
  parts: z.array(recordPartSchema),
  registeredAtMs: timeMsSchema,
  height: heightSchema,
});
export type RecordEntry = z.infer<typeof recordEntrySchema>;
export const recordTable = table<typeof recordEntrySchema, [recordId: string]>('record', recordEntrySchema);

export const CLAIM_STATUSES = ['accepted', 'delivered', 'disputed', 'settled', 'lapsed', 'withdrawn', 'refunded'] as const;
export const claimSchema = z.strictObject({
  requirementId: requirementIdSchema,
  recordId: recordIdSchema,
  patient: accountIdSchema,
  institution: accountIdSchema,
  status: z.enum(CLAIM_STATUSES),
  claimNullifier: fieldElementSchema,
  /** The nullifiers of the requirement's domains, in their order. */
  domainNullifiers: z.array(fieldElementSchema),
  /** The delegatee key the re-encryption has to be made for: the one pinned at acceptance. */
  delegateeKey: bytes({ max: 128 }),
  /** Credits held for the claim; 0 once it is settled, lapsed, withdrawn or refunded. */
  hold: amountSchema,
  acceptedAtMs: timeMsSchema,
  height: heightSchema,
  /** The end of the present wait: T1 while accepted, T2 while delivered, T3 while disputed; null afterwards. */
  deadlineMs: timeMsSchema.nullable(),
  delivery: z.strictObject({ by: accountIdSchema, atMs: timeMsSchema, transformedDigest: bytes32Schema }).nullable(),
  dispute: z.strictObject({
    openedAtMs: timeMsSchema,
    /** 0 once it was returned or lost. */
    bond: amountSchema,
    evidenceHash: bytes32Schema,
    votes: z.array(z.strictObject({ auditor: accountIdSchema, outcome: disputeOutcomeSchema })),
    outcome: disputeOutcomeSchema.nullable(),
  }).nullable(),
  endedAtMs: timeMsSchema.nullable(),
  grantRevokedAtMs: timeMsSchema.nullable(),
  revocationReceipts: z.array(z.strictObject({ proxy: accountIdSchema, statementHash: bytes32Schema, atMs: timeMsSchema })),
  deletion: z.strictObject({ statementHash: bytes32Schema, atMs: timeMsSchema }).nullable(),
});
export type ClaimEntry = z.infer<typeof claimSchema>;
export const claimTable = table<typeof claimSchema, [claimId: string]>('claim', claimSchema);

/** That a pseudonym may be opened, or was asked to be: what everybody can see of it. Whose it is stands nowhere. */
export const openingSchema = z.strictObject({
  account: accountIdSchema,
  reason: openingReasonSchema,
  claimId: claimIdSchema.nullable(),
  evidenceHash: bytes32Schema,
  requestedBy: accountIdSchema,
  requestedAtMs: timeMsSchema,
  approveUntilMs: timeMsSchema,
  /** The requesting auditor first. */
  approvals: z.array(accountIdSchema),
  approvedAtMs: timeMsSchema.nullable(),
});
export type OpeningEntry = z.infer<typeof openingSchema>;
export const openingTable = table<typeof openingSchema, [openingId: string]>('opening', openingSchema);

/** One person's attempts at one requirement. */
export const nullifierEntrySchema = z.strictObject({ claimId: claimIdSchema, attempts: z.int().min(1), free: z.boolean() });
export const nullifierTable = table<typeof nullifierEntrySchema, [requirementId: string, nullifierHex: string]>('nullifier', nullifierEntrySchema);

/** Licences of one person in one domain: reserved at acceptance, given back when a claim comes to nothing. */
export const domainEntrySchema = z.array(z.strictObject({ claimId: claimIdSchema, kind: z.enum(['exclusive', 'non-exclusive']), untilMs: timeMsSchema }));
export const domainTable = table<typeof domainEntrySchema, [domain: string, nullifierHex: string]>('domain', domainEntrySchema);

/** A voucher key and how many of its vouchers are out: signed, and not spent yet. */
export const voucherKeyEntrySchema = voucherKeySchema.extend({ outstanding: z.int().min(0) });
export type VoucherKeyEntry = z.infer<typeof voucherKeyEntrySchema>;
export const voucherKeyTable = table<typeof voucherKeyEntrySchema, [keyIdHex: string]>('voucher-key', voucherKeyEntrySchema);
/** Ids of the voucher keys in the order of the consortium's list. */
export const voucherKeysTable = table<z.ZodArray<typeof bytes32Schema>, []>('voucher-keys', z.array(bytes32Schema));

/** Vouchers asked for and not signed yet. */
export const voucherRequestSchema = z.strictObject({
  account: accountIdSchema,
  vouchers: z.array(blindedVoucherSchema),
  /** Credits held for them. */
  hold: amountSchema,
  deadlineMs: timeMsSchema,
});
export type VoucherRequestEntry = z.infer<typeof voucherRequestSchema>;
export const voucherRequestTable = table<typeof voucherRequestSchema, [requestId: string]>('voucher-request', voucherRequestSchema);

const spentVoucherSchema = z.strictObject({ atMs: timeMsSchema });
export const spentVoucherTable = table<typeof spentVoucherSchema, [keyIdHex: string, serialHex: string]>('spent-voucher', spentVoucherSchema);

/** What waits for block time: under its time in 16 digits, so that the order of the keys is that of the deadlines. */
export const deadlineSubjectSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('claim'), claimId: claimIdSchema }),
  z.strictObject({ kind: z.literal('requirement'), requirementId: requirementIdSchema }),
  z.strictObject({ kind: z.literal('voucher-request'), requestId: voucherRequestIdSchema }),
]);
export type DeadlineSubject = z.infer<typeof deadlineSubjectSchema>;
export const deadlineTable = table<typeof deadlineSubjectSchema, [atMs: string, id: string]>('deadline', deadlineSubjectSchema);

/** The keys of everything a light client may want a proof of. */
export const stateKeys = {
  chain: () => chainTable.key(),
  parameters: () => parametersTable.key(),
  registry: () => registryTable.key(),
  verificationKeys: () => verificationKeysTable.key(),
  rules: () => rulesTable.key(),
  supply: () => supplyTable.key(),
  account: (account: string) => accountTable.key(account),
  member: (account: string) => memberTable.key(account),
  members: (role: string) => membersTable.key(role),
  revokedSerial: (serial: Uint8Array) => revokedSerialTable.key(toHex(serial)),
  proposal: (proposalId: string) => proposalTable.key(proposalId),
  issuers: () => issuersTable.key(),
  issuerRoot: (root: Uint8Array) => issuerRootTable.key(toHex(root)),
  requirement: (requirementId: string) => requirementTable.key(requirementId),
  record: (recordId: string) => recordTable.key(recordId),
  claim: (claimId: string) => claimTable.key(claimId),
  opening: (openingId: string) => openingTable.key(openingId),
  nullifier: (requirementId: string, nullifier: Uint8Array) => nullifierTable.key(requirementId, toHex(nullifier)),
  voucherKeys: () => voucherKeysTable.key(),
  voucherKey: (keyId: Uint8Array) => voucherKeyTable.key(toHex(keyId)),
  voucherRequest: (requestId: string) => voucherRequestTable.key(requestId),
  spentVoucher: (keyId: Uint8Array, serial: Uint8Array) => spentVoucherTable.key(toHex(keyId), toHex(serial)),
  domain: (domain: string, nullifier: Uint8Array) => domainTable.key(domain, toHex(nullifier)),
} as const;
