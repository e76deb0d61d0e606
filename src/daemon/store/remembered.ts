import type { ApiToken } from '../../contract/access.ts';
import type { Store } from './port.ts';
import { needsNote } from './tokens.ts';

/** More tokens or orgs than this are in use at once on no machine that is meant; then all are asked for again. */
const REMEMBERED = 1_000;

/**
 * A store that does not ask its thread twice for what every request needs: who has this token, and which lane an alias
 * leads to. Only this process writes the database, so an answer holds until a verb here changes it. What is changed is
 * forgotten before its verb answers: a token is refused as soon as its revocation was confirmed.
 */
export function rememberAnswers(store: Store): Store {
  const tokens = createMemory<ApiToken>();
  const organisations = createMemory<string>();
  return {
    ...store,
    async findToken(hash, now) {
      const known = tokens.get(hash) ?? (await tokens.learn(hash, () => store.findToken(hash, now)));
      if (known === null || !needsNote(known, now)) return known;
      const used = { ...known, lastUsedAt: now };
      tokens.replace(hash, known, used);
      // nobody waits for it: who may only read is answered also where nothing can be written
      void store.noteTokenUse(known.id, now).catch(() => undefined);
      return used;
    },
    revokeToken: (...args) => tokens.change(() => store.revokeToken(...args)),
    async getOrganisationId(tenant, alias) {
      const key = `${tenant} ${alias}`;
      return (
        organisations.get(key) ??
        (await organisations.learn(key, () => store.getOrganisationId(tenant, alias)))
      );
    },
    putOrg: (...args) => organisations.change(() => store.putOrg(...args)),
    deleteOrg: (...args) => organisations.change(() => store.deleteOrg(...args)),
  };
}

function createMemory<V>() {
  const known = new Map<string, V>();
  let changes = 0;
  const forget = (): void => {
    changes += 1;
    known.clear();
  };
  return {
    get: (key: string): V | undefined => known.get(key),
    /** What was asked before a change may be answered after it: such an answer is not kept. */
    async learn(key: string, ask: () => Promise<V | null>): Promise<V | null> {
      const before = changes;
      const found = await ask();
      if (found === null || before !== changes) return found;
      if (known.size >= REMEMBERED) known.clear();
      known.set(key, found);
      return found;
    },
    /** Nothing where it was forgotten meanwhile. */
    replace(key: string, before: V, after: V): void {
      if (known.get(key) === before) known.set(key, after);
    },
    /** Also when it fails: it may have been committed all the same. */
    async change<T>(act: () => Promise<T>): Promise<T> {
      forget();
      try {
        return await act();
      } finally {
        forget();
      }
    },
  };
}
