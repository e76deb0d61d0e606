/** The promises that are looked at after every step; a broken one is named. */
export type Invariant =
  | 'accepted work is kept'
  | 'one key leads to one operation'
  | 'moves follow the table, and an end is final'
  | 'an older attempt changes nothing'
  | 'an effect happens once'
  | 'a worker is on record before it is told what to do, and is told once'
  | 'exclusive work runs alone and in order'
  | 'nothing passes what waits for another attempt'
  | 'nothing starts where it is paused'
  | 'a drain starts nothing'
  | 'nothing exclusive starts in a closed org'
  | 'work of a pool runs in one of its orgs, and stays there'
  | 'work of a pool passes nothing, and nothing passes it'
  | 'a lock is held alone, under a higher number'
  | 'only the beginning of the history goes, and none of work that has begun'
  | 'newer work takes the place of what waits under its key'
  | 'what asked for a person does not run again by itself'
  | 'a clock that was set back holds nothing up'
  | 'everything comes to its end'
  | 'indeterminate only when nobody can know'
  | 'a deployment that was cancelled, or whose time is over, does not go on';

export class Violation extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}
