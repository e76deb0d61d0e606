const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';

/**
 * An id of 18 characters: the 15 of Salesforce and 3 that say which of them are capitals, five by five, lowest bit
 * first. Lanes are keyed by it, so both forms must become one.
 */
export function longOrganisationId(id: string): string {
  const short = id.slice(0, 15);
  return short + [0, 5, 10].map((from) => capitals(short.slice(from, from + 5))).join('');
}

function capitals(five: string): string {
  const bits = [...five].reduce((sum, letter, place) => sum + (/[A-Z]/.test(letter) ? 1 << place : 0), 0);
  return LETTERS.charAt(bits);
}
