import { readFile } from 'node:fs/promises';
import { CodedError, isCodedError } from '@medveil/encoding';
import { type DeadLetterBox, KafkaBus, type KeptDeadLetter, type MessageBus, openTransport, TOPICS, transportSettings } from '@medveil/messaging';
import { ConfigError, defineConfig, loadConfig, type ProcessLike } from '@medveil/service-kit';
import { z } from 'zod';

const USAGE = `npm run operator -- COMMAND, with the message broker in MEDVEIL_OPERATOR_TRANSPORT_… as for a service

  topics                              creates the topics that are missing, with their dead-letter topics
  access SERVICE …                    lets each service (pkg, contract, replica-1 …) write and read its own topics, and no other
  dead-letters list TOPIC             what no attempt could handle: id, group, attempts, reason, time, size
  dead-letters show TOPIC ID          one of them, with its message in base64
  dead-letters replay TOPIC ID …      gives messages to their groups again; "all" for every one
`;

const LIST_LIMIT = 1_000;
const definition = defineConfig({ service: 'operator', schema: z.strictObject({ transport: transportSettings }) });

/** The operator's commands on the message broker. Answers are JSON lines; exits with 2 where the command or a setting is not right. */
export async function operate(host: ProcessLike): Promise<void> {
  const [command = '', ...words] = host.argv.slice(2);
  const run = commandOf(command, words);
  if (run === undefined) {
    host.stderr.write(USAGE);
    host.exitCode = 2;
    return;
  }
  try {
    const { transport: settings } = await loadConfig(definition, { env: host.env, readFile: async (path) => readFile(path, 'utf8') });
    const transport = openTransport(settings, { clock: () => Date.now() });
    try {
      await run(transport.bus, (answer) => { host.stdout.write(`${JSON.stringify(answer)}\n`); });
    } finally {
      await transport.close();
    }
  } catch (error) {
    if (!isCodedError(error)) throw error;
    host.stderr.write(error instanceof ConfigError ? `${error.problems.join('\n')}\n` : `${error.code}: ${error.message} ${JSON.stringify(error.details)}\n`);
    host.exitCode = error instanceof ConfigError ? 2 : 1;
  }
}

type Tell = (answer: object) => void;
type Command = (bus: MessageBus, tell: Tell) => Promise<void>;

function commandOf(command: string, words: readonly string[]): Command | undefined {
  if (command === 'topics' && words.length === 0) {
    return async (bus, tell) => {
      await kafka(bus).createTopics(Object.values(TOPICS));
      tell({ topics: Object.values(TOPICS) });
    };
  }
  if (command === 'access' && words.length > 0) {
    return async (bus, tell) => {
      await kafka(bus).grantAccess(words);
      tell({ granted: words });
    };
  }
  const [verb, topic, ...ids] = words;
  if (command !== 'dead-letters' || topic === undefined) return undefined;
  if (verb === 'list' && ids.length === 0) return async ({ deadLetterBox }, tell) => { for (const letter of await deadLetterBox.list(topic, LIST_LIMIT)) tell(summary(letter)); };
  if (verb === 'show' && ids.length === 1) return async ({ deadLetterBox }, tell) => show(deadLetterBox, topic, ids[0] ?? '', tell);
  if (verb === 'replay' && ids.length > 0) return async ({ deadLetterBox }, tell) => replay(deadLetterBox, topic, ids, tell);
  return undefined;
}

async function show(box: DeadLetterBox, topic: string, id: string, tell: Tell): Promise<void> {
  const letter = (await box.list(topic, LIST_LIMIT)).find((each) => each.id === id);
  if (letter === undefined) throw new CodedError('messaging/unknown-dead-letter', 'no such dead letter, or it was replayed', { topic, id });
  tell({ ...summary(letter), value: Buffer.from(letter.value).toString('base64') });
}

async function replay(box: DeadLetterBox, topic: string, ids: readonly string[], tell: Tell): Promise<void> {
  const chosen = ids.includes('all') ? (await box.list(topic, LIST_LIMIT)).map(({ id }) => id) : ids;
  for (const id of chosen) {
    await box.replay(topic, id);
    tell({ replayed: id });
  }
}

const summary = ({ value, failedAtMs, ...letter }: KeptDeadLetter) => ({ ...letter, failedAt: new Date(failedAtMs).toISOString(), sizeBytes: value.length });

function kafka(bus: MessageBus): KafkaBus {
  if (bus instanceof KafkaBus) return bus;
  throw new CodedError('host/not-administered', 'only Kafka has topics and access to administer', {});
}
