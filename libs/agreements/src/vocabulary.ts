import { PART_TYPES, type PartType } from '@medveil/eligibility';
import { amountSchema, bytesSchema, idSchema, timeMsSchema } from '@medveil/encoding';
import { VOUCHER_SIGNATURE_BYTES } from '@medveil/vouchers';
import { z } from 'zod';

/** The words that transactions, state entries and events share, with their limits. */

/** Who acts on the ledger. Patients and hospitals come with a T-Cert; the others are pinned by the consortium or by genesis. */
export const LEDGER_ROLES = ['patient', 'hospital', 'institution', 'proxy', 'auditor', 'treasury', 'pkg', 'consortium'] as const;
export const roleSchema = z.enum(LEDGER_ROLES);
export type LedgerRole = z.infer<typeof roleSchema>;

/** Roles that a T-Cert may register by itself. */
export const CERTIFIED_ROLES: readonly LedgerRole[] = ['patient', 'hospital'];

export const accountIdSchema = idSchema('acc');
export const requirementIdSchema = idSchema('req');
export const claimIdSchema = idSchema('clm');
export const recordIdSchema = idSchema('rec');
export const proposalIdSchema = idSchema('prp');
export const openingIdSchema = idSchema('opn');
export const voucherRequestIdSchema = idSchema('vrq');
export type AccountId = z.infer<typeof accountIdSchema>;
export type RequirementId = z.infer<typeof requirementIdSchema>;
export type ClaimId = z.infer<typeof claimIdSchema>;
export type RecordId = z.infer<typeof recordIdSchema>;
export type ProposalId = z.infer<typeof proposalIdSchema>;
export type OpeningId = z.infer<typeof openingIdSchema>;
export type VoucherRequestId = z.infer<typeof voucherRequestIdSchema>;

/** Bytes of exactly `length` or at most `max`, typed as the rest of the project types them. */
export const bytes = (size: { length: number } | { max: number }) => bytesSchema(size) as z.ZodType<Uint8Array, Uint8Array>;
export const bytes32Schema = bytes({ length: 32 });
/** An Ed25519 public key. */
export const accountKeySchema = bytes({ length: 32 });
/** A T-Cert's serial number. */
export const serialSchema = bytes({ length: 16 });
/** A BN254 scalar, 32 bytes big-endian. That it is below the modulus is checked with the proof. */
export const fieldElementSchema = bytes32Schema;

/** Of blinded vouchers, and of the treasury's answers to them (RFC 9474). */
export const blindedSchema = bytes({ length: VOUCHER_SIGNATURE_BYTES });
/** Vouchers in one transaction. */
export const VOUCHERS_MAX = 32;

/** Credits, more than none. */
export const positiveAmountSchema = amountSchema.min(1);
export { amountSchema, timeMsSchema };

export const partTypeSchema = z.enum(PART_TYPES);
export type { PartType };

/** At most one entry for each part type, in the order of PART_TYPES: a set has one encoding. */
export const inPartOrder = (parts: readonly PartType[]): boolean =>
  parts.every((part, index) => index === 0 || PART_TYPES.indexOf(part) > PART_TYPES.indexOf(parts[index - 1]!));

export const partSetSchema = z
  .array(partTypeSchema)
  .min(1)
  .max(PART_TYPES.length)
  .refine(inPartOrder, { error: 'part types must be distinct and in the order of PART_TYPES' });

/** Exclusivity domains: as many as the circuit has public slots for (docs/scheme.md, section 6). */
export const DOMAIN_SLOTS = 4;
export const domainIdSchema = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);

/** Which exclusivity domain each part type belongs to; null: none, it can be licensed any number of times. */
export const domainRegistrySchema = z.strictObject({
  /** The order of the domains is the order of the slots in the public inputs. */
  domains: z.array(domainIdSchema).max(DOMAIN_SLOTS).refine((ids) => new Set(ids).size === ids.length, { error: 'domains must be distinct' }),
  parts: z.record(partTypeSchema, domainIdSchema.nullable()),
}).refine((registry) => Object.values(registry.parts).every((domain) => domain === null || registry.domains.includes(domain)), {
  error: 'a part names a domain that is not listed',
});
export type DomainRegistry = z.infer<typeof domainRegistrySchema>;

/** GA4GH Data Use Ontology term, for example DUO:0000007 (disease-specific research). */
export const duoCodeSchema = z.string().regex(/^DUO:\d{7}$/);

export const licenceSchema = z.strictObject({
  /** exclusive: nobody else is granted data of the same domains by the same person until `untilMs`. */
  kind: z.enum(['exclusive', 'non-exclusive']),
  purposes: z.array(duoCodeSchema).min(1).max(16),
  /** What the codes cannot say. */
  purposeNote: z.string().max(1000),
  untilMs: timeMsSchema,
  noOnwardSharing: z.boolean(),
  /** ISO 3166-1 alpha-2 codes of where the data may be used; empty: anywhere. */
  territory: z.array(z.string().regex(/^[A-Z]{2}$/)).max(64),
  /** By when the institution has to delete what it received; null: not agreed. */
  deleteByMs: timeMsSchema.nullable(),
});
export type Licence = z.infer<typeof licenceSchema>;

/** The form the data is wanted in: a FHIR profile, resource types, or both. */
export const formatSchema = z.strictObject({
  profile: z.string().max(256).nullable(),
  resourceTypes: z.array(z.string().regex(/^[A-Z][A-Za-z]{1,63}$/)).max(32),
});

/** The offer that an institution signs. `requirementIdOf` hashes all of it, so no word can be changed afterwards. */
export const termsSchema = z.strictObject({
  keywords: z.array(z.string().min(1).max(64)).max(16),
  /** h′, the hash of the compiled policy. */
  policyHash: fieldElementSchema,
  /** R′: the eligibility result that is paid for. */
  expectedResult: z.literal(1),
  parts: partSetSchema,
  format: formatSchema,
  /** The circuit's size class and the hash of its verification key, which genesis or a vote has pinned. */
  instance: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  verificationKeyHash: bytes32Schema,
  licence: licenceSchema,
  /** Credits the institution pays for each record; the consortium's fee comes out of it. */
  rewardPerRecord: amountSchema,
  quantity: z.int().min(1).max(1_000_000),
  expiresAtMs: timeMsSchema,
  /** Whether records count that the patient attested without a hospital: for agents to see; the policy behind h′ says it to the circuit. */
  acceptsSelfAttested: z.boolean(),
  /** Largest ciphertext of one part: no claim with a larger one is accepted. Absent: none is too large. */
  maxBodyBytes: z.int().min(1).optional(),
});
export type Terms = z.infer<typeof termsSchema>;

export const DISPUTE_OUTCOMES = ['patient-at-fault', 'body-unavailable', 'institution-at-fault'] as const;
export const disputeOutcomeSchema = z.enum(DISPUTE_OUTCOMES);
export type DisputeOutcome = z.infer<typeof disputeOutcomeSchema>;

/** Why a pseudonym is to be opened: a breach of a licence outside the ledger, data that a hospital or patient invented, a court's order. */
export const OPENING_REASONS = ['licence-breach', 'false-data', 'court-order'] as const;
export const openingReasonSchema = z.enum(OPENING_REASONS);
export type OpeningReason = z.infer<typeof openingReasonSchema>;
