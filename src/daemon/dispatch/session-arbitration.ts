/**
 * Org logins are shared by workers that know nothing of each other: one refresh per login at a time (a rotated token that is
 * used twice can revoke its whole family), and a session is revoked only when no other session of the same user lives: for
 * Salesforce they may be one and the same. While it is revoked nobody logs in as that user, for the same reason.
 * In memory on purpose: it is about processes of this daemon, and they end with it.
 */
export interface SessionArbitration {
  /** From here until its release a worker is heard. What it had asked may be read after its end: then nobody would give back. */
  join(worker: string): void;
  /** Resolves when `worker` alone may use the login. False: the worker ended while it waited. */
  lock(worker: string, account: string): Promise<boolean>;
  /** A session of this user exists; gives the lock back. */
  begin(worker: string, account: string, user: string): void;
  /** The login is another one from now on, and so may be anybody's again. */
  forget(account: string): void;
  /** Answers whether to revoke: never where that is not wanted. */
  end(worker: string, account: string, wanted: boolean): { readonly revoke: boolean };
  /** What `end` had asked for is done. */
  revoked(worker: string): void;
  /** True while the worker must not be killed. */
  holdsLock(worker: string): boolean;
  /** The worker has ended: its locks and sessions are gone. */
  release(worker: string): void;
}

interface Waiting {
  readonly worker: string;
  readonly account: string;
  readonly granted: (granted: boolean) => void;
}

interface Session {
  readonly worker: string;
  readonly account: string;
  /** Whoever the login may be by now. */
  readonly user: string;
}

export function createSessionArbitration(): SessionArbitration {
  const heard = new Set<string>();
  const holders = new Map<string, string>();
  const sessions = new Set<Session>();
  /** Who a login was when it was last used; few, because each is an org of somebody. */
  const users = new Map<string, string>();
  const revoking = new Map<string, string>();
  let waiting: readonly Waiting[] = [];

  /** A login that was not used yet may be anybody's. */
  const mayBe = (account: string, user: string): boolean => (users.get(account) ?? user) === user;
  const isFree = (account: string): boolean =>
    !holders.has(account) && ![...revoking.values()].some((user) => mayBe(account, user));
  const passOn = (): void => {
    for (const one of waiting) {
      if (!isFree(one.account)) continue;
      holders.set(one.account, one.worker);
      waiting = waiting.filter((other) => other !== one);
      one.granted(true);
    }
  };
  const giveBack = (worker: string): void => {
    for (const [account, holder] of holders) if (holder === worker) holders.delete(account);
  };
  /** Answers whose it was; undefined: there was none. */
  const dropSession = (worker: string, account: string | null): string | undefined => {
    const own = [...sessions].filter(
      (one) => one.worker === worker && one.account === (account ?? one.account),
    );
    for (const session of own) sessions.delete(session);
    return own[0]?.user;
  };
  const inUse = (user: string): boolean =>
    [...sessions].some((session) => session.user === user) ||
    [...holders.keys()].some((account) => mayBe(account, user));

  return {
    join: (worker) => void heard.add(worker),
    lock(worker, account) {
      if (!heard.has(worker)) return Promise.resolve(false);
      if (holders.get(account) === worker) return Promise.resolve(true);
      return new Promise((granted) => {
        waiting = [...waiting, { worker, account, granted }];
        passOn();
      });
    },
    begin(worker, account, user) {
      if (!heard.has(worker)) return;
      dropSession(worker, account);
      sessions.add({ worker, account, user });
      users.set(account, user);
      giveBack(worker);
      passOn();
    },
    forget: (account) => void users.delete(account),
    end(worker, account, wanted) {
      const user = dropSession(worker, account);
      if (user === undefined || !wanted || inUse(user)) return { revoke: false };
      revoking.set(worker, user);
      return { revoke: true };
    },
    revoked(worker) {
      revoking.delete(worker);
      passOn();
    },
    holdsLock: (worker) => revoking.has(worker) || [...holders.values()].includes(worker),
    release(worker) {
      heard.delete(worker);
      dropSession(worker, null);
      giveBack(worker);
      revoking.delete(worker);
      const own = waiting.filter((one) => one.worker === worker);
      waiting = waiting.filter((one) => one.worker !== worker);
      for (const one of own) one.granted(false);
      passOn();
    },
  };
}
