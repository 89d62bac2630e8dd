// oxlint-disable-next-line import/no-unassigned-import -- the X.509 library's injection container refuses to load without it
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  type Extension,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { type RandomBytes, concatBytes, equalBytes, fromHex, sha256, toHex } from '@medveil/encoding';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type SigningKeyPair, isAcceptablePublicKey, signRaw, verifyRaw } from './accounts.js';
import { splitCertificate } from './e-cert-der.js';
import { type ECertSubject, keysToUris, nameOf, readName, uriKeys } from './e-cert-subject.js';
import { IdentityError, guarded } from './errors.js';

/**
 * E-Certs: X.509 v3 certificates (RFC 5280, Ed25519 as in RFC 8410) that say who an enrolled party is.
 * One authority, the PKG's, signs them directly; there are no intermediate authorities.
 * Signatures are made and checked by accounts.ts, so that one rule holds for every Ed25519 signature; what
 * a certificate says is read only after its signature was checked.
 */
export interface ECert extends Required<ECertSubject> {
  /** Hexadecimal, 32 digits. */
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** The authority's certificate with the key that signs under it. */
export interface CertificateAuthority {
  /** DER. */
  readonly certificate: Uint8Array;
  readonly key: SigningKeyPair;
}

export interface Validity {
  /** UTC ms, cut to the second as X.509 knows no finer time; valid from then on. */
  readonly notBeforeMs: number;
  /** UTC ms, cut to the second; no longer valid at that time. */
  readonly notAfterMs: number;
}

export const MAX_CERTIFICATE_BYTES = 4096;
const SPKI_PREFIX = fromHex('302a300506032b6570032100');
const ED25519 = { name: 'Ed25519' };
/** basicConstraints, keyUsage, subjectKeyIdentifier, authorityKeyIdentifier, subjectAltName. */
const KNOWN_EXTENSIONS = new Set(['2.5.29.19', '2.5.29.15', '2.5.29.14', '2.5.29.35', '2.5.29.17']);

/** @returns the DER of a self-signed certificate for `key` that may sign E-Certs and nothing below them */
export async function createCertificateAuthority(
  input: { readonly name: string; readonly key: SigningKeyPair } & Validity,
  random: RandomBytes,
): Promise<Uint8Array> {
  const name: JsonName = [{ CN: [input.name] }, { OU: ['pkg'] }];
  return signCertificate({
    ...input,
    subject: name,
    issuer: name,
    publicKey: input.key.publicKey,
    issuerKey: input.key,
    serial: newSerial(random),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      new SubjectKeyIdentifierExtension(keyIdentifier(input.key.publicKey)),
    ],
  });
}

/** RFC 5280, 4.1.2.5: the time that stands for "no end". */
const NO_END_MS = Date.UTC(9999, 11, 31, 23, 59, 59);

/**
 * A certificate that carries a key through TLS and says nothing about it: signed by that key itself, without an end. Whoever is shown
 * it compares the key with the one that the ledger pins.
 * @returns DER
 */
export async function createPeerCertificate(input: { readonly name: string; readonly key: SigningKeyPair }, random: RandomBytes): Promise<Uint8Array> {
  const name: JsonName = [{ CN: [input.name] }];
  return signCertificate({
    subject: name,
    issuer: name,
    publicKey: input.key.publicKey,
    issuerKey: input.key,
    notBeforeMs: 0,
    notAfterMs: NO_END_MS,
    serial: newSerial(random),
    extensions: [new BasicConstraintsExtension(false, undefined, true), new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true)],
  });
}

/**
 * Certifies an enrolled party whose request was verified (`verifyEnrolmentRequest`).
 * @returns DER
 */
export async function issueECert(
  input: { readonly subject: ECertSubject; readonly authority: CertificateAuthority } & Validity,
  random: RandomBytes,
): Promise<Uint8Array> {
  const { subject, authority } = input;
  const ca = readAuthority(authority.certificate);
  if (!equalBytes(ca.publicKey, authority.key.publicKey)) {
    throw new IdentityError('identity/bad-key', 'the signing key is not that of the authority certificate');
  }
  if (!isAcceptablePublicKey(subject.publicKey)) throw new IdentityError('identity/bad-key', 'the subject key is not an acceptable Ed25519 key');
  const uris = keysToUris(subject);
  return signCertificate({
    ...input,
    subject: nameOf(subject),
    issuer: ca.content.subjectName.toJSON(),
    publicKey: subject.publicKey,
    issuerKey: authority.key,
    serial: newSerial(random),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new SubjectKeyIdentifierExtension(keyIdentifier(subject.publicKey)),
      new AuthorityKeyIdentifierExtension(keyIdentifier(ca.publicKey)),
      ...(uris.length > 0 ? [new SubjectAlternativeNameExtension(uris.map((value) => ({ type: 'url' as const, value })))] : []),
    ],
  });
}

/**
 * Checks an E-Cert at a time against the authority that the caller trusts.
 * @param certificate DER @param authority DER of the trusted authority's certificate
 * @param isRevoked asked with the serial in hexadecimal, see revocation.ts
 * @throws IdentityError `identity/bad-certificate`, `identity/not-an-authority`, `identity/foreign-authority`,
 *   `identity/bad-signature`, `identity/bad-key`, `identity/not-yet-valid`, `identity/expired`, `identity/revoked`
 */
export function verifyECert(
  certificate: Uint8Array,
  authority: Uint8Array,
  atMs: number,
  isRevoked: (serial: string) => boolean = () => false,
): ECert {
  const ca = readAuthority(authority);
  checkValidity(ca.content, atMs);
  const parsed = parseCertificate(certificate);
  if (guarded('identity/bad-certificate', 'unreadable names', () => parsed.content.issuer !== ca.content.subject)) {
    throw new IdentityError('identity/foreign-authority', 'the certificate names another authority');
  }
  checkSignature(parsed, ca.publicKey);
  const cert = guarded('identity/bad-certificate', 'the certificate is not an E-Cert', () => readECert(parsed.content));
  checkValidity(parsed.content, atMs);
  if (isRevoked(cert.serial)) throw new IdentityError('identity/revoked', 'the enrolment certificate is revoked', { serial: cert.serial });
  return cert;
}

function readECert(parsed: X509Certificate): ECert {
  checkExtensions(parsed);
  const constraints = parsed.getExtension(BasicConstraintsExtension);
  const usages = parsed.getExtension(KeyUsagesExtension)?.usages;
  if (constraints === null || constraints.ca || usages !== KeyUsageFlags.digitalSignature) {
    throw new IdentityError('identity/bad-certificate', 'an E-Cert signs messages and certifies nobody');
  }
  const publicKey = ed25519Key(parsed);
  if (!isAcceptablePublicKey(publicKey)) throw new IdentityError('identity/bad-key', 'the certified key is not an acceptable Ed25519 key');
  const names = parsed.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  return {
    ...readName(parsed.subjectName),
    ...uriKeys(names.map(({ type, value }) => (type === 'url' ? value : ''))),
    publicKey,
    serial: parsed.serialNumber,
    notBeforeMs: parsed.notBefore.getTime(),
    notAfterMs: parsed.notAfter.getTime(),
  };
}

/** Reads the trusted certificate and insists that it may sign others: a leaf never stands in for its authority. */
function readAuthority(der: Uint8Array): { content: X509Certificate; publicKey: Uint8Array } {
  const certificate = parseCertificate(der);
  return guarded('identity/not-an-authority', 'not an authority certificate', () => {
    const { content } = certificate;
    checkExtensions(content);
    const constraints = content.getExtension(BasicConstraintsExtension);
    const usages = content.getExtension(KeyUsagesExtension)?.usages ?? 0;
    if (constraints?.ca !== true || (usages & KeyUsageFlags.keyCertSign) === 0) {
      throw new IdentityError('identity/not-an-authority', 'the certificate given as authority may not sign certificates');
    }
    const publicKey = ed25519Key(content);
    checkSignature(certificate, publicKey);
    return { content, publicKey };
  });
}

/** A certificate's content beside the bytes that its signature covers. */
interface ReadCertificate {
  readonly content: X509Certificate;
  readonly toBeSigned: Uint8Array;
  readonly signature: Uint8Array;
}

function parseCertificate(der: Uint8Array): ReadCertificate {
  if (der.length > MAX_CERTIFICATE_BYTES) {
    throw new IdentityError('identity/bad-certificate', 'certificate too large', { bytes: der.length, maxBytes: MAX_CERTIFICATE_BYTES });
  }
  const parts = splitCertificate(der);
  return guarded('identity/bad-certificate', 'not an X.509 certificate', () => ({ ...parts, content: new X509Certificate(Uint8Array.from(der)) }));
}

function checkSignature({ toBeSigned, signature }: ReadCertificate, issuerKey: Uint8Array): void {
  if (!verifyRaw(issuerKey, toBeSigned, signature)) {
    throw new IdentityError('identity/bad-signature', 'the certificate is not signed by this authority');
  }
}

function checkExtensions(certificate: X509Certificate): void {
  const types = certificate.extensions.map(({ type }) => type);
  const unknown = certificate.extensions.find(({ type, critical }) => critical && !KNOWN_EXTENSIONS.has(type));
  if (unknown !== undefined || types.length > 16 || new Set(types).size !== types.length) {
    throw new IdentityError('identity/bad-certificate', 'a critical extension is unknown, or an extension stands twice');
  }
}

function checkValidity(certificate: X509Certificate, atMs: number): void {
  const [notBeforeMs, notAfterMs] = [certificate.notBefore.getTime(), certificate.notAfter.getTime()];
  if (atMs < notBeforeMs) throw new IdentityError('identity/not-yet-valid', 'the certificate is not yet valid: is the clock right?', { notBeforeMs, nowMs: atMs });
  if (atMs >= notAfterMs) throw new IdentityError('identity/expired', 'the certificate has expired', { notAfterMs, nowMs: atMs });
}

function ed25519Key(certificate: X509Certificate): Uint8Array {
  const spki = new Uint8Array(certificate.publicKey.rawData);
  if (spki.length !== SPKI_PREFIX.length + PUBLIC_KEY_BYTES || !equalBytes(spki.subarray(0, SPKI_PREFIX.length), SPKI_PREFIX)) {
    throw new IdentityError('identity/bad-certificate', 'the certified key is not Ed25519');
  }
  return spki.slice(SPKI_PREFIX.length);
}

interface CertificateContent extends Validity {
  readonly subject: JsonName;
  readonly issuer: JsonName;
  readonly publicKey: Uint8Array;
  readonly issuerKey: SigningKeyPair;
  readonly serial: Uint8Array;
  readonly extensions: Extension[];
}

/** Builds the certificate twice: first for the bytes to be signed, then around their signature. */
async function signCertificate(content: CertificateContent): Promise<Uint8Array> {
  if (!(content.notBeforeMs >= 0 && content.notAfterMs > content.notBeforeMs)) {
    throw new IdentityError('identity/bad-input', 'a certificate ends after it begins');
  }
  const build = (signature: Uint8Array<ArrayBuffer>) =>
    X509CertificateGenerator.create({
      serialNumber: toHex(content.serial),
      subject: content.subject,
      issuer: content.issuer,
      notBefore: toSecond(content.notBeforeMs),
      notAfter: toSecond(content.notAfterMs),
      publicKey: new PublicKey(Uint8Array.from(concatBytes(SPKI_PREFIX, content.publicKey))),
      signingAlgorithm: ED25519,
      signature,
      extensions: content.extensions,
    });
  const { toBeSigned } = splitCertificate(new Uint8Array((await build(new Uint8Array(SIGNATURE_BYTES))).rawData));
  const signature = signRaw(content.issuerKey, toBeSigned);
  return new Uint8Array((await build(Uint8Array.from(signature))).rawData);
}

const toSecond = (atMs: number): Date => new Date(Math.floor(atMs / 1000) * 1000);

/** 16 random bytes whose first bits are 01: positive, and always of one length. */
function newSerial(random: RandomBytes): Uint8Array {
  const serial = Uint8Array.from(random(16));
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

/** RFC 7093, method 1: the leftmost 160 bits of SHA-256 of the key. */
const keyIdentifier = (publicKey: Uint8Array): string => toHex(sha256(publicKey).subarray(0, 20));
