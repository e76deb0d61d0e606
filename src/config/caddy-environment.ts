import { PROXY_VARIABLES } from '../contract/proxies.ts';
import { handedDown } from './handed-down.ts';

/** What Caddy's environment takes over: where programs and certificates are, and proxies on the way to a certificate. */
const HANDED_DOWN = ['PATH', 'SSL_CERT_FILE', 'SSL_CERT_DIR', ...PROXY_VARIABLES] as const;

/** The explicit environment of Caddy; what it writes for itself stays below the given directory. */
export function caddyEnvironment(
  directory: string,
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  return {
    ...handedDown(environment, HANDED_DOWN),
    HOME: directory,
    XDG_CONFIG_HOME: directory,
    XDG_DATA_HOME: directory,
  };
}
