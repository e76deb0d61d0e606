import { type Document, isMap, isNode, isPair, isScalar, type LineCounter } from 'yaml';

/** A step into the configuration: a key of a mapping or an index of a list. */
export type Path = readonly (string | number)[];

/** What is wrong, and where: at the value of a path, or at its key. */
export interface Mistake {
  readonly path: Path;
  readonly at: 'value' | 'key';
  readonly message: string;
}

export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Line and column of a mistake; where the named thing is not in the text, those of what should hold it. */
export function placeOf(mistake: Mistake, document: Document, lines: LineCounter): Place {
  for (let length = mistake.path.length; length > 0; length -= 1) {
    const path = mistake.path.slice(0, length);
    const node = (mistake.at === 'key' ? keyAt(document, path) : null) ?? document.getIn(path, true);
    const offset = isNode(node) ? node.range?.[0] : undefined;
    if (offset !== undefined) return atOffset(offset, lines);
  }
  return { line: 1, column: 1 };
}

export function atOffset(offset: number, lines: LineCounter): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function keyAt(document: Document, path: Path): unknown {
  const holder = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(holder)) return null;
  const pair = holder.items.find(
    (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(path.at(-1)),
  );
  return pair?.key ?? null;
}
