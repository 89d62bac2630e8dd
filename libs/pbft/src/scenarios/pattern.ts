/**
 * Which messages a command means: `1>2`, `0,1>*` by sender and receiver, `prepare` or `!commit` by kind. Of several words each
 * must hold; of several kinds one.
 */
export function matcher(words: readonly string[]): (message: { readonly from: number; readonly to: number; readonly kind: string }) => boolean {
  const edges = words.filter((word) => word.includes('>')).map((word) => word.split('>'));
  const without = new Set(words.filter((word) => word.startsWith('!')).map((word) => word.slice(1)));
  const kinds = words.filter((word) => !word.includes('>') && !word.startsWith('!'));
  return ({ from, to, kind }) =>
    edges.every(([senders = '*', receivers = '*']) => includes(senders, from) && includes(receivers, to)) &&
    !without.has(kind) &&
    (kinds.length === 0 || kinds.includes(kind));
}

const includes = (list: string, replica: number): boolean => list === '*' || list.split(',').includes(String(replica));
