/**
 * Org logins are shared by workers that know nothing of each other: one refresh per login at a time (a rotated token that is
 * used twice can revoke its whole family), and a session is revoked only when no other session of the same login lives.
 * In memory on purpose: it is about processes of this daemon, and they end with it.
 */
export interface SessionArbitration {
  /** From here until its release a worker is heard. What it had asked may be read after its end: then nobody would give back. */
  join(worker: string): void;
  /** Resolves when `worker` alone may use the login. False: the worker ended while it waited. */
  lock(worker: string, account: string): Promise<boolean>;
  /** A session exists; gives the lock back. */
  begin(worker: string, account: string): void;
  /** Answers whether to revoke. */
  end(worker: string, account: string): { readonly revoke: boolean };
  /** True while the worker must not be killed. */
  holdsLock(worker: string): boolean;
  /** The worker has ended: its locks and sessions are gone. */
  release(worker: string): void;
}

interface Waiting {
  readonly worker: string;
  readonly granted: (granted: boolean) => void;
}

interface Login {
  holder: string | null;
  readonly waiting: Waiting[];
  readonly sessions: Set<string>;
}

export function createSessionArbitration(): SessionArbitration {
  const logins = new Map<string, Login>();
  const heard = new Set<string>();
  return {
    join: (worker) => void heard.add(worker),
    lock: (worker, account) =>
      heard.has(worker) ? lock(loginOf(logins, account), worker) : Promise.resolve(false),
    begin(worker, account) {
      if (!heard.has(worker)) return;
      const login = loginOf(logins, account);
      login.sessions.add(worker);
      if (login.holder === worker) passOn(login);
    },
    end(worker, account) {
      const login = loginOf(logins, account);
      const had = login.sessions.delete(worker);
      const revoke = had && login.sessions.size === 0;
      forgetIfIdle(logins, account);
      return { revoke };
    },
    holdsLock: (worker) => [...logins.values()].some((login) => login.holder === worker),
    release(worker) {
      heard.delete(worker);
      for (const [account, login] of [...logins]) {
        leave(login, worker);
        forgetIfIdle(logins, account);
      }
    },
  };
}

function lock(login: Login, worker: string): Promise<boolean> {
  if (login.holder === null || login.holder === worker) {
    login.holder = worker;
    return Promise.resolve(true);
  }
  return new Promise((granted) => {
    login.waiting.push({ worker, granted });
  });
}

function leave(login: Login, worker: string): void {
  login.sessions.delete(worker);
  for (const one of login.waiting.filter((waiting) => waiting.worker === worker)) {
    login.waiting.splice(login.waiting.indexOf(one), 1);
    one.granted(false);
  }
  if (login.holder === worker) passOn(login);
}

function passOn(login: Login): void {
  const next = login.waiting.shift();
  login.holder = next?.worker ?? null;
  next?.granted(true);
}

function loginOf(logins: Map<string, Login>, account: string): Login {
  const known = logins.get(account);
  if (known !== undefined) return known;
  const login: Login = { holder: null, waiting: [], sessions: new Set() };
  logins.set(account, login);
  return login;
}

function forgetIfIdle(logins: Map<string, Login>, account: string): void {
  const login = logins.get(account);
  if (login !== undefined && login.holder === null && login.sessions.size === 0) logins.delete(account);
}
