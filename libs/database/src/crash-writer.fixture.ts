import { openTestEngine } from './testing.js';

/** Started by `crash.spec.ts` with a data folder: commits rows for ever and prints the number of each once it is committed. */
const engine = await openTestEngine({ dataDir: process.argv[2] ?? '' });
const database = await engine.open({ schema: 'crash' });
for (let number = 0; ; number += 1) {
  await database.transaction(async (tx) => {
    await tx.execute(`insert into crash.inbox values ('c', '${number}', 1)`);
    await tx.execute(`insert into crash.inbox values ('d', '${number}', 1)`);
  });
  process.stdout.write(`${number}\n`);
}
