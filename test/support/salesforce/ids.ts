const SUFFIX = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

/** Hands out ids as Salesforce writes them: 15 characters and 3 more that keep their case. */
export function createIds(): (prefix: string) => string {
  let last = 0;
  return (prefix) => {
    last += 1;
    return longId(`${prefix}${last.toString(36).padStart(15 - prefix.length, '0')}`);
  };
}

/** The 18-character form of a 15-character id: one suffix character for the capitals of each five. */
export function longId(short: string): string {
  const suffix = [0, 5, 10].map((start) => {
    const capitals = [...short.slice(start, start + 5)].map((character) => /[A-Z]/.test(character));
    return SUFFIX[capitals.reduce((sum, capital, place) => sum + (capital ? 2 ** place : 0), 0)];
  });
  return short + suffix.join('');
}
