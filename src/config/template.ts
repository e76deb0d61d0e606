import jsonata from 'jsonata';

/** A piece of a string that a rule renders: text as it is, or a JSONata expression. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly expression: string };

/** Throws an Error whose message says what is wrong with the text between `{{` and `}}`. */
export function parseTemplate(template: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let rest = template;
  for (let open = rest.indexOf('{{'); open !== -1; open = rest.indexOf('{{')) {
    if (open > 0) parts.push({ kind: 'text', text: rest.slice(0, open) });
    const { expression, length } = readExpression(rest.slice(open + 2));
    parts.push({ kind: 'expression', expression });
    rest = rest.slice(open + 2 + length);
  }
  if (rest !== '') parts.push({ kind: 'text', text: rest });
  return parts;
}

/** Throws an Error saying where and why an expression is no JSONata. */
export function checkExpression(expression: string): void {
  try {
    jsonata(expression);
  } catch (error) {
    const { message, position } = error as { message: string; position?: number };
    const place = position === undefined ? '' : ` (at character ${position} of the expression)`;
    throw new Error(`"${expression}" is no JSONata: ${message}${place}`);
  }
}

/** An expression ends at the first `}}` that leaves well-formed JSONata: objects of JSONata end with braces too. */
function readExpression(text: string): { expression: string; length: number } {
  let first: unknown = null;
  for (let close = text.indexOf('}}'); close !== -1; close = text.indexOf('}}', close + 1)) {
    const expression = text.slice(0, close).trim();
    try {
      checkExpression(expression);
      return { expression, length: close + 2 };
    } catch (error) {
      first ??= error;
    }
  }
  throw first ?? new Error(`"{{${text}" has no closing }}`);
}
