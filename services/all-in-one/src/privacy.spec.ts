/**
 * A whole demo as a process of its own, everything logged; then everything it printed and left behind is searched for what must
 * not be there (docs/scheme.md, section 9): who the patients are, what their records say, secret keys.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ClaimId, requirementIdOf } from '@medveil/agreements';
import { toBase64Url, toHex } from '@medveil/encoding';
import { accountId, derivePatientKeys, type PatientKeys } from '@medveil/identity';
import { type Afgh06, afgh06, loadEngine } from '@medveil/pre';
import { type BundleFile, syntheticBundles } from './demo/bundles.js';
import { DAY_MS } from './demo/scenario.js';
import { plan } from './demo/studies.js';
import { type Entry, ofType, only } from './testing/chain.js';
import { type Container, deliveredParts, openDelivered, storedBody } from './testing/delivery.js';
import { databaseValues, files, type Place, storedLedger } from './testing/haystack.js';
import { type Hit, type Needle, NeedleSearch, textNeedle } from './testing/needles.js';
import { pseudonymOf, vaultOf } from './testing/parties.js';
import { identityNeedles, medicalNeedles, plaintextNeedles, publishedText, secretNeedles, vaultKeyNeedles } from './testing/secrets.js';

const PATIENTS = 3;
const DEMO = fileURLToPath(new URL('demo/main.js', import.meta.url));
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What an institution could open with its own key, from the ledger and the proxy alone. */
interface Received {
  readonly claimId: ClaimId;
  readonly asked: readonly string[];
  readonly containers: readonly Container[];
}

let folder: string;
let demo: { readonly code: number | null; readonly output: Uint8Array };
let bundles: BundleFile[];
let received: Received[];
let needles: { readonly identity: Needle[]; readonly medical: Needle[]; readonly secret: Needle[]; readonly vaultKeys: Needle[] };
const planted: Needle = { name: 'planted', bytes: random(32) };
let hits: Hit[];
let known: Hit[];

async function runDemo(): Promise<typeof demo> {
  const child = spawn(process.execPath, ['--enable-source-maps', DEMO, '--data', folder, '--patients', String(PATIENTS), '--json', '--log', 'trace'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const pieces: Uint8Array[] = [];
  child.stdout.on('data', (piece: Uint8Array) => pieces.push(piece));
  child.stderr.on('data', (piece: Uint8Array) => pieces.push(piece));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, output: new Uint8Array(Buffer.concat(pieces)) };
}

async function seedsOf(party: string, pattern: RegExp): Promise<PatientKeys[]> {
  const vault = await vaultOf(folder, party);
  const names = (await vault.list()).filter((name) => pattern.test(name));
  return Promise.all(names.map(async (name) => derivePatientKeys(await vault.get(name))));
}

async function whatInstitutionsReceived(pre: Afgh06, entries: readonly Entry[]): Promise<Received[]> {
  const patients = await seedsOf('patient-api', /^patients\/.*seed$/);
  const institutions = await seedsOf('research-api', /^institutions\/.*seed$/);
  const released = ofType(entries, 'release-requirement').map(({ transaction, sender }) => ({
    sender, terms: transaction.body.terms, id: requirementIdOf(transaction.chainId, sender, transaction.body.terms),
  }));
  const settled = ofType(entries, 'confirm-delivery').filter(({ receipt }) => receipt.ok).map(({ transaction }) => transaction.body.claimId);
  return Promise.all(settled.map(async (claimId) => {
    const parts = deliveredParts(entries, claimId);
    const { claim } = only(parts.slice(0, 1));
    const requirement = only(released.filter(({ id }) => id === claim.transaction.body.requirementId));
    const institution = only(institutions.filter(({ enrolment }) => accountId(enrolment.publicKey) === requirement.sender));
    const key = pre.delegateeKeyFromSeed(institution.pseudonym(0).delegateeSeed);
    const { ownerSeed } = only(patients.flatMap((keys) => {
      try {
        return [pseudonymOf(keys, claim.sender)];
      } catch {
        return [];
      }
    }));
    const { publicKey: ownerKey } = pre.ownerKeyFromSeed(ownerSeed);
    const containers = await Promise.all(parts.map(async (part) => openDelivered(pre, key, ownerKey, part, await storedBody(folder, part.bodyDigest))));
    return { claimId, asked: requirement.terms.parts, containers };
  }));
}

const scan = (search: NeedleSearch, group: string, places: readonly Place[]): Hit[] => places.flatMap(({ name, bytes }) => search.scan(`${group}: ${name}`, bytes));

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'medveil-privacy-'));
  const pre = afgh06(await loadEngine());
  const startedAtMs = Date.now();
  demo = await runDemo();
  // Ages count from the day of the run: over midnight there are two.
  bundles = [startedAtMs, Date.now()].flatMap((atMs) => syntheticBundles(PATIENTS, Math.floor(atMs / DAY_MS) * DAY_MS));
  const published = publishedText(plan(bundles, false, startedAtMs).requirements);
  const ledger = await storedLedger(join(folder, 'replicas', 'replica-0', 'ledger'));
  received = await whatInstitutionsReceived(pre, ledger.entries);
  const contents = received.flatMap(({ claimId, containers }) => containers.map(({ part, content }) => ({ name: `${part} of ${claimId}`, content })));
  needles = {
    identity: identityNeedles(bundles),
    medical: [
      ...medicalNeedles([...bundles.map(({ bytes }) => text(bytes)), ...contents.map(({ content }) => text(content))], published),
      ...contents.flatMap(({ name, content }) => Array.from(plaintextNeedles(name, content, published))),
    ],
    secret: await secretNeedles(folder, pre),
    vaultKeys: await vaultKeyNeedles(folder),
  };
  const search = new NeedleSearch([...needles.identity, ...needles.medical, ...needles.secret, ...needles.vaultKeys, planted]);
  const publicly = new NeedleSearch(received.map(({ claimId }) => textNeedle('claim', claimId)));
  await writeFile(join(folder, 'objects', 'planted.json'), JSON.stringify({ note: `x${toBase64Url(new Uint8Array([1, ...planted.bytes, 2]))}` }));
  const places: [string, Place[]][] = [
    ['output', [{ name: 'of the demo', bytes: demo.output }, { name: 'planted', bytes: new TextEncoder().encode(`key=${toHex(planted.bytes)}`) }]],
    ['ledger', [...ledger.places]],
  ];
  const found: Place[] = [];
  for await (const file of files(folder)) found.push(file);
  places.push(['file', found], ['database', await databaseValues(join(folder, 'database'))]);
  hits = places.flatMap(([group, list]) => scan(search, group, list));
  known = places.flatMap(([group, list]) => scan(publicly, group, list));
});

after(() => rm(folder, { recursive: true, force: true }));

const hitsOf = (sought: readonly Needle[]): Hit[] => {
  const names = new Set(sought.map(({ name }) => name));
  return hits.filter(({ needle }) => names.has(needle));
};

describe('a whole run, searched afterwards', () => {
  it('was one in which everything happened', () => {
    assert.equal(demo.code, 0, text(demo.output).split('\n').filter((line) => !line.startsWith('{')).slice(-40).join('\n'));
    assert.ok(received.length >= 2);
    assert.match(text(demo.output), /"level":"debug"/);
  });

  it('shows nobody who the patients are', () => {
    assert.ok(needles.identity.length > 20 * PATIENTS);
    assert.deepEqual(hitsOf(needles.identity), []);
  });

  it('shows nothing of what records say', () => {
    assert.ok(needles.medical.length > 100);
    assert.deepEqual(hitsOf(needles.medical), []);
  });

  it('shows no secret key, but for the file that opens a vault', () => {
    assert.ok(needles.secret.length > 500);
    assert.deepEqual(hitsOf(needles.secret), []);
    assert.ok(needles.vaultKeys.length > 10);
    for (const key of needles.vaultKeys) assert.deepEqual(hitsOf([key]).map(({ place, spelling }) => [place, spelling]), [[`file: ${key.name}`, 'hexadecimal']]);
  });

  it('would show it: what is planted is found, and what is public is found everywhere', () => {
    const found = hitsOf([planted]).map(({ place, spelling }) => `${place}, ${spelling.split(' ')[0]}`).toSorted();
    assert.equal(found.length, 2, found.join());
    assert.deepEqual([found[1], found[0]?.split(',')[0]], ['output: planted, hexadecimal', `file: ${join('objects', 'planted.json')}`]);
    const groups = new Set(known.map(({ place }) => place.split(':')[0]));
    assert.deepEqual(groups, new Set(['output', 'ledger', 'file', 'database']));
  });
});

describe('what an institution received', () => {
  const RESOURCES: Readonly<Record<string, readonly string[]>> = { laboratory: ['Observation', 'DiagnosticReport'], medications: ['MedicationRequest', 'MedicationStatement'] };

  it('is what it asked for, and no other part', () => {
    for (const { asked, containers } of received) {
      assert.deepEqual(containers.map(({ part }) => part).toSorted(), [...asked].toSorted());
      for (const { part, content } of containers) {
        const { entry } = JSON.parse(text(content)) as { entry: { resource: { resourceType: string; category?: { coding?: { code?: string }[] }[] } }[] };
        assert.ok(entry.length > 0);
        for (const { resource } of entry) {
          assert.ok(RESOURCES[part]?.includes(resource.resourceType), `${part}: ${resource.resourceType}`);
          if (resource.resourceType === 'Observation') assert.ok(resource.category?.some(({ coding }) => coding?.some(({ code }) => code === part)));
        }
      }
    }
  });

  it('holds no name, address or identifier', () => {
    const search = new NeedleSearch(needles.identity);
    for (const { claimId, containers } of received) {
      for (const { part, content, opening } of containers) {
        assert.deepEqual([...search.scan(`${part} of ${claimId}`, content), ...search.scan(`opening of ${part}`, opening)], []);
      }
    }
  });
});
