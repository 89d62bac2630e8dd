import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encodeTranscript, type VerificationKey } from '@medveil/eligibility';
import { heldCeremony } from '@medveil/eligibility/testing';
import { fromBase64Url, fromHex, toBase64Url } from '@medveil/encoding';
import { loadNetwork, OPERATOR, openVault, partyTokens } from '@medveil/host';
import { sign, type SigningKeyPair, signingKeyFromSeed, verifyECert } from '@medveil/identity';
import { loadGenesis } from '@medveil/ledger';
import { DEFAULT_SIZE, ensureConsortium, PartyFolders, setupCommand } from './index.js';

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
const clock = () => Date.now();
const memberKeys = (keys: readonly SigningKeyPair[]) =>
  keys.map((key, index) => ({ name: `member ${index}`, publicKey: key.publicKey, sign: (domain: string, message: Uint8Array) => sign(key, domain, message) }));

let home = '';
/** a circuit folder with a key for development */
let development = '';
let developmentKey: VerificationKey;

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'medveil-setup-'));
  const held = heldCeremony(memberKeys([signingKeyFromSeed(random(32))]), random);
  developmentKey = { ...held.key, development: true, contributions: [] };
  development = await circuitFolder('development', developmentKey);
});
after(() => rm(home, { recursive: true, force: true }));

async function circuitFolder(name: string, key: VerificationKey, transcript?: string): Promise<string> {
  const folder = join(home, `circuit-${name}`);
  await mkdir(folder);
  await writeFile(join(folder, 'verification-key.json'), JSON.stringify(key));
  if (transcript !== undefined) await writeFile(join(folder, 'ceremony.json'), transcript);
  return folder;
}

/** The command, as a process would run it. */
async function run(...args: readonly string[]) {
  const output = { stdout: '', stderr: '' };
  const into = (stream: keyof typeof output) => ({ write: (text: string) => { output[stream] += text; } });
  const host = { argv: ['node', 'main.js', ...args], env: {}, stdout: into('stdout'), stderr: into('stderr'), exitCode: 0 as number, once: () => undefined, off: () => undefined };
  await setupCommand(host);
  return { ...output, exitCode: host.exitCode, answer: host.exitCode === 0 && output.stdout.startsWith('{') ? (JSON.parse(output.stdout) as Record<string, unknown>) : {} };
}

/** Every file below a folder, by its contents. */
async function contentsOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const hashed = entries.filter((entry) => entry.isFile()).map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    return [path, createHash('sha256').update(await readFile(path)).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(hashed));
}

const vaultIn = (folder: string, party: string) =>
  openVault({ folder: join(folder, 'parties', party, 'vault'), keyFile: join(folder, 'parties', party, 'vault.key') }, random);

describe('a network that setup made', () => {
  let folder = '';
  before(async () => {
    folder = join(home, 'network');
    const created = await run('create', folder, '--circuits', development, '--replicas', '7', '--auditors', '5', '--denominations', '1,50');
    assert.equal(created.exitCode, 0, created.stderr);
    assert.equal(created.answer['isNew'], true);
  });

  it('is described by the keys that its parties hold', async () => {
    const network = await loadNetwork(join(folder, 'network.json'));
    const publicKey = async (party: string, secret: string) => toBase64Url(signingKeyFromSeed(await (await vaultIn(folder, party)).get(secret)).publicKey);
    const { document } = loadGenesis(fromBase64Url(network.genesis));
    assert.equal(document.replicaSet.length, 7);
    for (const { id, publicKey: voting } of document.replicaSet) {
      assert.equal(await publicKey(id, 'replica-key'), toBase64Url(voting));
      assert.equal(await publicKey(id, 'message-key'), network.messageKeys[id]);
    }
    assert.equal(await publicKey('pkg', 't-cert-key'), network.pkgPublicKey);
    assert.deepEqual([network.opening.auditors.threshold, network.opening.auditors.members.length, network.opening.replicas.threshold], [3, 5, 3]);
    for (const der of Object.values(network.certificates ?? {})) verifyECert(fromBase64Url(der), fromBase64Url(network.caCertificate), Date.now());
  });

  it('gives each party what is its own: no key file opens another vault, and nobody else may read it', async () => {
    const parties = await readdir(join(folder, 'parties'));
    assert.deepEqual(parties.length, 4 + 7 + 5);
    const keys = await Promise.all(parties.map((party) => readFile(join(folder, 'parties', party, 'vault.key'), 'utf8')));
    assert.equal(new Set(keys).size, parties.length);
    for (const party of parties) {
      assert.equal((await stat(join(folder, 'parties', party, 'vault.key'))).mode & 0o777, 0o600);
      assert.equal((await stat(join(folder, 'parties', party))).mode & 0o777, 0o700);
    }
    const settings = JSON.parse(await readFile(join(folder, 'parties', 'replica-3', 'settings.json'), 'utf8')) as Record<string, string>;
    const operator = signingKeyFromSeed(await (await vaultIn(folder, 'operator')).get('operator-key'));
    assert.deepEqual(settings, { operatorPublicKey: toBase64Url(operator.publicKey), replica: 'replica-3' });
  });

  it('is left as it is, whatever is asked for later', async () => {
    const asItWas = await contentsOf(folder);
    const again = await run('create', folder, '--circuits', development);
    assert.deepEqual([again.exitCode, again.answer['isNew']], [0, false]);
    const other = await run('create', folder, '--replicas', '4');
    assert.equal(other.exitCode, 1);
    assert.match(other.stderr, /setup\/another-network: .*replicas \(7; asked for: 4\)/);
    const parameters = join(home, 'parameters.json');
    await writeFile(parameters, JSON.stringify({ feeBasisPoints: 123 }));
    assert.match((await run('create', folder, '--parameters', parameters)).stderr, /feeBasisPoints \(200; asked for: 123\)/);
    assert.deepEqual(await contentsOf(folder), asItWas);
    // A party has taken its keys away: nobody makes new ones.
    await rm(join(folder, 'parties', 'replica-6'), { recursive: true });
    const shown = await run('create', folder);
    assert.equal((shown.answer['parties'] as Record<string, string>)['replica-6'], 'elsewhere');
    assert.ok(!(await readdir(join(folder, 'parties'))).includes('replica-6'));
  });

  it('takes its operator’s tokens, for the services and scopes that they name', async () => {
    const file = join(home, 'token');
    assert.equal((await run('token', folder, '--scopes', 'ledger:read', '--audience', 'contract', '--hours', '1', '--out', file)).exitCode, 0);
    const token = (await readFile(file, 'utf8')).trim();
    const { operatorPublicKey } = JSON.parse(await readFile(join(folder, 'parties', 'pkg', 'settings.json'), 'utf8')) as { operatorPublicKey: string };
    const takenBy = (audience: string) => partyTokens({ parties: { [OPERATOR]: { publicKey: fromBase64Url(operatorPublicKey), scopes: null } }, audience, clock }).verify(token);
    assert.deepEqual([...(await takenBy('contract')).scopes], ['ledger:read']);
    await assert.rejects(takenBy('pkg'));
    assert.match((await run('token', folder, '--out', file)).stderr, /setup\/exists/);
  });
});

describe('setup', () => {
  it('that several run at the same time makes one network', async () => {
    const folder = join(home, 'raced');
    const options = { folder, size: DEFAULT_SIZE, unsealing: { kind: 'key-files' } as const, circuits: [{ key: developmentKey, transcript: null }], parameters: {}, denominations: [], clock, random };
    const made = await Promise.all([ensureConsortium(options), ensureConsortium(options), ensureConsortium(options)]);
    assert.equal(made.filter(({ isNew }) => isNew).length, 1);
    assert.equal(new Set(made.map(({ genesisHash }) => genesisHash)).size, 1);
    const replica = await new PartyFolders(folder, options.unsealing, random).open('replica-0');
    const [network] = made.map((consortium) => consortium.network);
    assert.equal(network?.messageKeys['replica-0'], toBase64Url(await replica.publicKey('message-key')));
    assert.deepEqual((await readdir(join(folder, 'parties'))).filter((name) => name.startsWith('.')), []);
  });

  it('makes a network on keys of a ceremony that its own members held, and on no others', async () => {
    const folder = join(home, 'production');
    assert.equal((await run('keys', folder)).exitCode, 0);
    const listed = JSON.parse(await readFile(join(folder, 'members.json'), 'utf8')) as { name: string; publicKey: string }[];
    const operators = await Promise.all(listed.map(async (_, index) => signingKeyFromSeed(await (await vaultIn(folder, `replica-${index}`)).get('operator-key'))));
    assert.deepEqual(listed.map(({ publicKey }) => fromHex(publicKey)), operators.map(({ publicKey }) => publicKey));

    const elsewhere = heldCeremony(memberKeys([signingKeyFromSeed(random(32))]), random);
    const refused = await run('create', folder, '--circuits', await circuitFolder('elsewhere', elsewhere.key, encodeTranscript(elsewhere.transcript)), '--denominations', 'none');
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, /ceremony\//);
    assert.ok(!(await readdir(folder)).includes('network.json'));
    assert.match((await run('create', folder, '--circuits', await circuitFolder('bare', elsewhere.key))).stderr, /setup\/bad-circuits: .*ceremony\.json cannot be read/);

    const held = heldCeremony(memberKeys(operators), random);
    const created = await run('create', folder, '--circuits', await circuitFolder('held', held.key, encodeTranscript(held.transcript)), '--denominations', 'none');
    assert.equal(created.exitCode, 0, created.stderr);
    assert.equal(created.answer['developmentKeys'], false);
    assert.deepEqual(Object.keys((await loadNetwork(join(folder, 'network.json'))).ceremonies ?? {}), [held.key.instance.name]);
  });

  it('seals vaults with a passphrase instead, if so told', async () => {
    const folder = join(home, 'sealed');
    const file = join(home, 'passphrase');
    await writeFile(file, 'correct horse battery\n');
    assert.equal((await run('agent', folder, 'patient-api', '--passphrase-file', file)).exitCode, 0);
    assert.deepEqual((await readdir(join(folder, 'parties', 'patient-api'))).toSorted(), ['settings.json', 'vault']);
    await openVault({ folder: join(folder, 'parties', 'patient-api', 'vault'), passphrase: 'correct horse battery' }, random);
    await writeFile(file, 'another one, as long');
    assert.match((await run('token', folder, '--passphrase-file', file)).stderr, /identity\/vault-locked/);
  });

  it('says what is wrong with a command', async () => {
    const folder = join(home, 'wrong');
    const cases: [readonly string[], number, RegExp][] = [
      [['create'], 2, /missing required argument 'folder'/],
      [['create', folder, '--replicas', 'four'], 2, /a whole number is wanted/],
      [['create', folder, '--circuits', development, '--replicas', '0'], 1, /setup\/bad-number: replicas: a whole number from 1 to 64; given 0/],
      [['create', folder, '--circuits', join(home, 'nowhere')], 1, /setup\/bad-circuits: .*verification-key\.json cannot be read/],
      [['create', folder, '--circuits', development, development], 1, /setup\/bad-circuits: .*a key for/],
      [['agent', folder, '../elsewhere'], 1, /setup\/bad-name/],
      [['token', folder], 1, /setup\/no-keys: the keys of operator/],
      [['show', folder], 1, /setup\/no-network/],
    ];
    for (const [args, exitCode, message] of cases) {
      const ran = await run(...args);
      assert.equal(ran.exitCode, exitCode, args.join(' '));
      assert.match(ran.stderr, message);
    }
    await writeFile(join(home, 'bad.json'), JSON.stringify({ feeBasisPoints: -1 }));
    assert.match((await run('create', folder, '--circuits', development, '--parameters', join(home, 'bad.json'))).stderr, /setup\/bad-parameters: .*feeBasisPoints/);
  });
});
