/** One typed client per service. Each method is one request; paths and bodies are those of `api/`. */
import type { z } from 'zod';
import type { StandingRuleInput } from '@medveil/consent';
import type { Id } from '@medveil/encoding';
import type { Role } from '@medveil/identity';
import { type PageQuery, tokenResponseSchema } from './api/common.js';
import * as auditor from './api/auditor.js';
import * as consensus from './api/consensus-node.js';
import * as contract from './api/contract.js';
import * as patient from './api/patient-api.js';
import * as pkg from './api/pkg.js';
import * as proxy from './api/proxy-cloud.js';
import * as research from './api/research-api.js';
import type { HttpClient } from './http.js';

const post = (json: unknown, idempotencyKey?: string) => ({ method: 'POST' as const, json, ...(idempotencyKey === undefined ? {} : { idempotencyKey }) });

const waiting = (waitMs: number) => ({ query: { waitMs }, timeoutMs: 30_000 + waitMs });

/** POST /v1/token: an access token against a signed assertion. */
export const requestToken = (http: HttpClient, clientAssertion: string, scope?: string) =>
  http.json('/v1/token', tokenResponseSchema, post({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: clientAssertion,
    ...(scope === undefined ? {} : { scope }),
  }));

export class PkgClient {
  constructor(readonly http: HttpClient) {}
  parameters = () => this.http.json('/v1/parameters', pkg.parametersSchema);
  createEnrolmentToken = (role: Role, enrolmentId: string) =>
    this.http.json('/v1/enrolment-tokens', pkg.enrolmentTokenSchema, post({ role, enrolmentId }));
  recognise = (request: pkg.RecognitionRequest) => this.http.json('/v1/enrolment-tokens/identity-providers', pkg.enrolmentTokenSchema, post(request));
  enrol = (request: pkg.EnrolmentRequest) => this.http.json('/v1/enrolments', pkg.enrolmentSchema, post(request));
  renew = (request: pkg.RenewalRequest) => this.http.json('/v1/enrolments/renewals', pkg.enrolmentSchema, post(request));
  requestTCerts = (request: pkg.TCertBatchRequest) =>
    this.http.json('/v1/t-certs', pkg.tCertBatchSchema, { ...post(request), timeoutMs: 120_000 });
  accreditIssuer = (request: pkg.IssuerRequest) => this.http.json('/v1/issuers', pkg.accreditationSchema, post(request));
  issuers = () => this.http.json('/v1/issuers', pkg.issuersSchema);
  revoke = (request: z.infer<typeof pkg.revocationRequestSchema>) => this.http.json('/v1/revocations', pkg.revocationSchema, post(request));
  revocations = () => this.http.json('/v1/revocations', pkg.revocationListSchema);
}

export class ContractClient {
  constructor(readonly http: HttpClient) {}
  genesis = () => this.http.json('/v1/genesis', contract.genesisSchema);
  submit = (transaction: string) => this.http.json('/v1/transactions', contract.submittedSchema, post({ transaction }));
  transaction = (id: string, waitMs = 0, signal?: AbortSignal) =>
    this.http.json(`/v1/transactions/${id}`, contract.transactionStatusSchema, { query: { waitMs }, timeoutMs: 30_000 + waitMs, ...(signal === undefined ? {} : { signal }) });
  blocks = (query: { from: number; limit?: number; reach?: number; waitMs?: number }, signal?: AbortSignal) =>
    this.http.json('/v1/blocks', contract.certifiedBlocksSchema, {
      query: { from: query.from, limit: query.limit, reach: query.reach, waitMs: query.waitMs },
      timeoutMs: 60_000,
      ...(signal === undefined ? {} : { signal }),
    });
  replicaSetChanges = (after: number, signal?: AbortSignal) =>
    this.http.json('/v1/replica-set-changes', contract.replicaSetChangesSchema, { query: { after }, ...(signal === undefined ? {} : { signal }) });
  state = (key: string) => this.http.json('/v1/state', contract.stateProofSchema, { query: { key } });
  requirements = (query: PageQuery = {}) => this.http.json('/v1/requirements', contract.requirementsPageSchema, { query: { ...query } });
  requirement = (id: string) => this.http.json(`/v1/requirements/${id}`, contract.requirementSchema);
  putPolicy = (id: string, policy: string) => this.http.none(`/v1/policies/${id}`, { method: 'PUT', json: { policy } });
  policies = () => this.http.json('/v1/policies', contract.policiesSchema);
  putEvidence = (claimId: string, evidence: string) => this.http.none(`/v1/evidence/${claimId}`, { method: 'PUT', json: { evidence } });
  evidence = (claimId: string) => this.http.json(`/v1/evidence/${claimId}`, contract.evidenceSchema);
  claims = (query: PageQuery & { readonly requirementId?: string } = {}) => this.http.json('/v1/claims', contract.claimsPageSchema, { query: { ...query } });
  claim = (id: string) => this.http.json(`/v1/claims/${id}`, contract.claimSchema);
  account = (id: string) => this.http.json(`/v1/accounts/${id}`, contract.accountSchema);
  totals = () => this.http.json('/v1/totals', contract.totalsSchema);
  circuits = () => this.http.json('/v1/circuits', contract.circuitsSchema);
  deposit = (request: z.infer<typeof contract.depositRequestSchema>, idempotencyKey?: string) =>
    this.http.json('/v1/treasury/deposits', contract.depositSchema, post(request, idempotencyKey));
  depositStatus = (reference: string) => this.http.json(`/v1/treasury/deposits/${encodeURIComponent(reference)}`, contract.depositSchema);
}

export class ConsensusNodeClient {
  constructor(readonly http: HttpClient) {}
  status = () => this.http.json('/v1/status', consensus.nodeStatusSchema);
  blocks = (query: { from: number; limit?: number; reach?: number; waitMs?: number }) =>
    this.http.json('/v1/blocks', contract.certifiedBlocksSchema, { query: { ...query }, timeoutMs: 60_000 });
  block = (place: number | string) => this.http.json(`/v1/blocks/${place}`, contract.certifiedBlockSchema);
  replicas = () => this.http.json('/v1/replicas', consensus.replicasSchema);
  submit = (transactions: readonly string[]) => this.http.json('/v1/transactions', consensus.submittedTransactionsSchema, post({ transactions }));
  proposals = () => this.http.json('/v1/proposals', consensus.proposalsSchema);
  vote = (proposal: string) => this.http.none('/v1/votes', post({ proposal }));
  snapshot = () => this.http.json('/v1/snapshot', consensus.snapshotSchema);
  stateChunk = (height: number, from: string) => this.http.json('/v1/snapshot/chunks', consensus.chunkSchema, { query: { height, from } });
  rotateReplicaKey = () => this.http.json('/v1/replica-key/rotation', consensus.rotationSchema, post({}));
  openingShare = (openingId: string, certificate: string) => this.http.json(`/v1/openings/${openingId}/share`, consensus.sealedShareSchema, post({ certificate }));
}

export class ProxyClient {
  constructor(readonly http: HttpClient) {}
  parameters = () => this.http.json('/v1/parameters', proxy.proxyParametersSchema);
  putBody = (sha256: string, body: Uint8Array) => this.http.json(`/v1/bodies/${sha256}`, proxy.storedBodySchema, { method: 'PUT', body });
  /** @param maxAnswerBytes as the ledger says how long it is: more is refused while it arrives */
  body = (sha256: string, maxAnswerBytes?: number) => this.http.bytes(`/v1/bodies/${sha256}`, maxAnswerBytes === undefined ? {} : { maxAnswerBytes });
  grant = (request: z.infer<typeof proxy.grantRequestSchema>) => this.http.json('/v1/grants', proxy.grantSchema, post(request));
  grantStatus = (claimId: string) => this.http.json(`/v1/grants/${claimId}`, proxy.grantSchema);
}

export class PatientApiClient {
  constructor(readonly http: HttpClient) {}
  createPatient = (label: string, idempotencyKey?: string) => this.http.json('/v1/patients', patient.patientSchema, post({ label }, idempotencyKey));
  patients = (query: PageQuery = {}) => this.http.json('/v1/patients', patient.patientsPageSchema, { query: { ...query } });
  importRecord = (patientId: Id<'pat'>, bundle: Uint8Array, idempotencyKey?: string) =>
    this.http.json(`/v1/patients/${patientId}/records`, patient.importedRecordSchema, {
      method: 'POST',
      body: bundle,
      contentType: 'application/fhir+json',
      timeoutMs: 120_000,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
  screening = (requirementId: Id<'req'>) => this.http.json(`/v1/population/screening/${requirementId}`, patient.screeningSchema, { timeoutMs: 120_000 });
  anonymity = (k?: number) => this.http.json('/v1/population/anonymity', patient.anonymitySchema, { query: { k } });
  matches = (patientId: Id<'pat'>) => this.http.json(`/v1/patients/${patientId}/matches`, patient.matchesSchema);
  startExchange = (patientId: Id<'pat'>, request: z.input<typeof patient.startExchangeSchema>, idempotencyKey?: string) =>
    this.http.json(`/v1/patients/${patientId}/exchanges`, patient.exchangeSchema, post(request, idempotencyKey));
  exchanges = (query: PageQuery = {}) => this.http.json('/v1/exchanges', patient.exchangesPageSchema, { query: { ...query } });
  exchange = (id: string, waitMs = 0, sinceMs?: number) =>
    this.http.json(`/v1/exchanges/${id}`, patient.exchangeSchema, { query: { waitMs, sinceMs }, timeoutMs: 30_000 + waitMs });
  revokeExchange = (id: string, when: patient.RevocationWhen = 'now') => this.http.none(`/v1/exchanges/${id}/revocation`, post({ when }));
  earnings = (patientId: Id<'pat'>) => this.http.json(`/v1/patients/${patientId}/earnings`, patient.earningsSchema);
  funds = (patientId: Id<'pat'>) => this.http.json(`/v1/patients/${patientId}/funds`, patient.fundsSchema);
  startPayout = (patientId: Id<'pat'>, request: z.input<typeof patient.startPayoutSchema>, idempotencyKey?: string) =>
    this.http.json(`/v1/patients/${patientId}/payouts`, patient.payoutSchema, post(request, idempotencyKey));
  payouts = (patientId: Id<'pat'>, query: PageQuery = {}) => this.http.json(`/v1/patients/${patientId}/payouts`, patient.payoutsPageSchema, { query: { ...query } });
  payout = (payoutId: Id<'pay'>) => this.http.json(`/v1/payouts/${payoutId}`, patient.payoutSchema);

  trail = (patientId: Id<'pat'>, query: PageQuery = {}) => this.http.json(`/v1/patients/${patientId}/trail`, patient.trailPageSchema, { query: { ...query } });
  auditEvents = (patientId: Id<'pat'>, query: PageQuery = {}) => this.http.json(`/v1/patients/${patientId}/trail/fhir`, patient.fhirResourceSchema, { query: { ...query } });
  view = (patientId: Id<'pat'>) => this.http.json(`/v1/patients/${patientId}/view`, patient.viewSchema);
  backup = (patientId: Id<'pat'>, passphrase: string) => this.http.json(`/v1/patients/${patientId}/backup`, patient.backupSchema, post({ passphrase }));
  restorePatient = (request: z.input<typeof patient.restorationSchema>) => this.http.json('/v1/restorations', patient.patientSchema, post(request));
  patient = (patientId: Id<'pat'>) => this.http.json(`/v1/patients/${patientId}`, patient.patientSchema);

  makeRule = (patientId: Id<'pat'>, rule: StandingRuleInput, idempotencyKey?: string) =>
    this.http.json(`/v1/patients/${patientId}/consent-rules`, patient.consentRuleSchema, post(rule, idempotencyKey));
  rules = (patientId: Id<'pat'>, revoked = false) => this.http.json(`/v1/patients/${patientId}/consent-rules`, patient.consentRulesSchema, { query: { revoked } });
  revokeRule = (patientId: Id<'pat'>, ruleId: Id<'cns'>) =>
    this.http.json(`/v1/patients/${patientId}/consent-rules/${ruleId}/revocation`, patient.consentRuleSchema, post({}));
  fhirConsents = (patientId: Id<'pat'>) => this.http.json(`/v1/patients/${patientId}/consent-rules/fhir`, patient.fhirResourceSchema);
  makeRuleFromFhir = (patientId: Id<'pat'>, consent: object) =>
    this.http.json(`/v1/patients/${patientId}/consent-rules/fhir`, patient.consentRuleSchema, post(consent));
  consentStatements = (patientId: Id<'pat'>, query: PageQuery = {}) =>
    this.http.json(`/v1/patients/${patientId}/consent-statements`, patient.consentStatementsPageSchema, { query: { ...query } });
  evaluateConsent = (patientId: Id<'pat'>, requirementId: Id<'req'>) =>
    this.http.json(`/v1/patients/${patientId}/consent-evaluations/${requirementId}`, patient.consentEvaluationSchema);
  consentDecisions = (patientId: Id<'pat'>, query: PageQuery & { readonly outcome?: patient.ConsentOutcome } = {}) =>
    this.http.json(`/v1/patients/${patientId}/consent-decisions`, patient.consentDecisionsPageSchema, { query: { ...query } });
  answer = (patientId: Id<'pat'>, requirementId: Id<'req'>, answer: 'yes' | 'no') =>
    this.http.json(`/v1/patients/${patientId}/consent-decisions/${requirementId}/answer`, patient.consentDecisionSchema, post({ answer }));
  disclosures = (patientId: Id<'pat'>, query: PageQuery = {}) =>
    this.http.json(`/v1/patients/${patientId}/disclosures`, patient.disclosuresPageSchema, { query: { ...query } });
  withdrawEverything = (patientId: Id<'pat'>) => this.http.json(`/v1/patients/${patientId}/withdrawal`, patient.withdrawalSchema, post({}));
}

export class ResearchApiClient {
  constructor(readonly http: HttpClient) {}
  createInstitution = (request: research.CreateInstitution, idempotencyKey?: string) =>
    this.http.json('/v1/institutions', research.institutionSchema, post(request, idempotencyKey));
  institutions = (query: PageQuery = {}) => this.http.json('/v1/institutions', research.institutionsPageSchema, { query: { ...query } });
  institution = (id: Id<'ins'>, waitMs = 0) => this.http.json(`/v1/institutions/${id}`, research.institutionSchema, waiting(waitMs));
  createRequirement = (id: Id<'ins'>, request: research.CreateRequirement, idempotencyKey?: string) =>
    this.http.json(`/v1/institutions/${id}/requirements`, research.requirementStatusSchema, post(request, idempotencyKey));
  requirements = (id: Id<'ins'>, query: PageQuery = {}) =>
    this.http.json(`/v1/institutions/${id}/requirements`, research.requirementStatusesPageSchema, { query: { ...query } });
  requirement = (id: Id<'ins'>, jobId: string, waitMs = 0) =>
    this.http.json(`/v1/institutions/${id}/requirements/${jobId}`, research.requirementStatusSchema, waiting(waitMs));
  closeRequirement = (id: Id<'ins'>, jobId: string) =>
    this.http.json(`/v1/institutions/${id}/requirements/${jobId}/closure`, research.requirementStatusSchema, post({}));
  cohort = (id: Id<'ins'>, jobId: string, k?: number) => this.http.json(`/v1/institutions/${id}/requirements/${jobId}/cohort`, research.cohortSchema, { query: { k } });
  cohortManifest = (id: Id<'ins'>, jobId: string, asOfMs?: number) =>
    this.http.json(`/v1/institutions/${id}/requirements/${jobId}/cohort/manifest`, research.cohortManifestSchema, { query: { asOfMs }, timeoutMs: 600_000 });
  cohortFile = (id: Id<'ins'>, jobId: string, file: 'records.ndjson' | 'observations.csv', asOfMs?: number) =>
    this.http.bytes(`/v1/institutions/${id}/requirements/${jobId}/cohort/${file}`, { query: { asOfMs }, timeoutMs: 600_000 });
  trail = (id: Id<'ins'>, query: PageQuery = {}) => this.http.json(`/v1/institutions/${id}/trail`, patient.trailPageSchema, { query: { ...query } });
  createWebhook = (id: Id<'ins'>, request: z.input<typeof research.createWebhookSchema>) =>
    this.http.json(`/v1/institutions/${id}/webhooks`, research.newWebhookSchema, post(request));
  webhooks = (id: Id<'ins'>) => this.http.json(`/v1/institutions/${id}/webhooks`, research.webhooksSchema);
  removeWebhook = (id: Id<'ins'>, webhookId: Id<'whk'>) => this.http.none(`/v1/institutions/${id}/webhooks/${webhookId}/removal`, post({}));
  deliveries = (id: Id<'ins'>, query: PageQuery = {}) => this.http.json(`/v1/institutions/${id}/deliveries`, research.deliveriesPageSchema, { query: { ...query } });
  delivery = (id: Id<'ins'>, claimId: string, waitMs = 0) =>
    this.http.json(`/v1/institutions/${id}/deliveries/${claimId}`, research.deliverySchema, waiting(waitMs));
  deliveredPart = (id: Id<'ins'>, claimId: string, part: string) => this.http.bytes(`/v1/institutions/${id}/deliveries/${claimId}/parts/${part}`);
}

export class AuditorClient {
  constructor(readonly http: HttpClient) {}
  disputes = (query: PageQuery = {}) => this.http.json('/v1/disputes', auditor.disputesPageSchema, { query: { ...query } });
  dispute = (claimId: string) => this.http.json(`/v1/disputes/${claimId}`, auditor.disputeSchema);
  requestOpening = (request: z.infer<typeof auditor.requestOpeningSchema>, idempotencyKey?: string) => this.http.json('/v1/openings', auditor.openingSchema, post(request, idempotencyKey));
  opening = (openingId: string) => this.http.json(`/v1/openings/${openingId}`, auditor.openingSchema);
  approveOpening = (openingId: string) => this.http.json(`/v1/openings/${openingId}/approval`, auditor.openingSchema, post({}));
  openingShare = (openingId: string) => this.http.json(`/v1/openings/${openingId}/share`, auditor.sealedShareSchema, post({}));
  identity = (openingId: string, shares: readonly string[]) => this.http.json(`/v1/openings/${openingId}/identity`, auditor.identitySchema, post({ shares }));
  approve = (claimId: string, outcome: auditor.Dispute['ruled']) => this.http.json(`/v1/disputes/${claimId}/approval`, auditor.disputeSchema, post({ outcome }));
}
