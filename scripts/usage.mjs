import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/**
 * What every script does first: `--help` prints what its file begins with, and an option that it does not take is told in one line.
 * @param args its own, without those of a command that it runs
 */
export function usage(args = process.argv.slice(2)) {
  if (!isMainThread) return;
  if (args.includes('--help')) {
    const [, text] = /^\/\*\*(.*?)\*\//s.exec(readFileSync(process.argv[1], 'utf8')) ?? [];
    console.log((text ?? '').replace(/^ ?\*? ?/gm, '').trim());
    process.exit(0);
  }
  process.once('uncaughtException', (error) => {
    const isWrongOption = error instanceof Error && String(error.code).startsWith('ERR_PARSE_ARGS_');
    console.error(isWrongOption ? `${error.message}\n--help tells what it takes` : error);
    process.exit(isWrongOption ? 2 : 1);
  });
}
