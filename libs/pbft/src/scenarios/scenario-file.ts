/**
 * A scenario file: commands begin with `> `; the lines below a command, up to an empty line or a comment, are what it
 * prints. `#` begins a comment.
 * @returns the words of each command
 */
export const commandsOf = (text: string): string[][] => text.split('\n').filter(isCommand).map(wordsOf);

/** The file with what the commands really print; comments and layout stay. */
export function withOutput(text: string, printed: readonly (readonly string[])[]): string {
  const lines: string[] = [];
  let command = -1;
  let inOutput = false;
  for (const line of text.split('\n')) {
    if (isCommand(line)) {
      command += 1;
      lines.push(line, ...(printed[command] ?? []));
      inOutput = true;
    } else if (!inOutput || line === '' || line.startsWith('#')) {
      lines.push(line);
      inOutput = false;
    }
  }
  return lines.join('\n');
}

const isCommand = (line: string): boolean => line.startsWith('> ');

const wordsOf = (line: string): string[] => line.slice(2).split(/\s+/).filter((word) => word !== '');
