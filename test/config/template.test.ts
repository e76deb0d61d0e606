import { describe, expect, it } from 'vitest';
import { closest } from '../../src/config/closest.ts';
import { parseTemplate } from '../../src/config/template.ts';

const expression = (text: string) => ({ kind: 'expression', expression: text });
const text = (value: string) => ({ kind: 'text', text: value });

describe('parseTemplate', () => {
  it('tells text from expressions', () => {
    expect(parseTemplate('pr-{{ payload.number }}-{{a}}!')).toEqual([
      text('pr-'),
      expression('payload.number'),
      text('-'),
      expression('a'),
      text('!'),
    ]);
    expect(parseTemplate('plain }} text')).toEqual([text('plain }} text')]);
    expect(parseTemplate('')).toEqual([]);
  });

  it('an expression may end with braces of its own, and hold braces in a text', () => {
    expect(parseTemplate('{{ {"a": {"b": 1}}}}')).toEqual([expression('{"a": {"b": 1}}')]);
    expect(parseTemplate('{{ "}}" }}')).toEqual([expression('"}}"')]);
  });

  it('an expression without an end is an error', () => {
    expect(() => parseTemplate('a {{ b')).toThrow('has no closing }}');
    expect(() => parseTemplate('{{ }}')).toThrow('is no JSONata');
  });
});

describe('closest', () => {
  it('finds a near word and nothing far away', () => {
    expect(closest('hoks', ['repos', 'hooks'])).toBe('hooks');
    expect(closest('Concurency', ['concurrency', 'vault'])).toBe('concurrency');
    expect(closest('banana', ['hooks', 'vault'])).toBeNull();
    expect(closest('x', [])).toBeNull();
  });
});
