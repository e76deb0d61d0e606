import type { IncomingHttpHeaders } from 'node:http';
import { vaultReference } from '../../config/vault-reference.ts';
import type { Delivery, DeliveryReceipt } from '../../contract/delivery.ts';
import { AppError } from '../../contract/errors.ts';
import type { Hook } from '../../contract/hook.ts';
import { cutText } from '../../contract/limits.ts';
import { secretAccount } from '../../contract/org.ts';
import { DEFAULT_TENANT } from '../../contract/values.ts';
import { openVault } from '../../vault/open.ts';
import { type OperationParts, prepareOperation } from '../operations/accept.ts';
import { createIds } from '../operations/ids.ts';
import { isRefusal } from '../operations/refusal.ts';
import type { NewDelivery, NewOperation } from '../store/port.ts';
import type { RuleResult } from './evaluate.ts';
import { createRuleMatcher } from './match-rules.ts';
import { createHookSecrets, type SecretSource } from './secrets.ts';
import { type VerifiedDelivery, verifyGithub } from './verify.ts';

export interface ReceivedDelivery {
  readonly repeated: boolean;
  readonly receipt: DeliveryReceipt;
}

export interface Receive {
  /**
   * AppError `unknown-hook`, `hook-secret-missing`, `bad-signature` and those of a malformed request: nothing is written.
   * `rule-failed`: the delivery is recorded, and the same one may come again once the rule is corrected.
   */
  receive(hook: string, headers: IncomingHttpHeaders, body: Buffer): Promise<ReceivedDelivery>;
  /** AppError `vault-unavailable` where secrets cannot be read. */
  checkVault(): Promise<void>;
  stop(): Promise<void>;
}

export interface ReceiveParts extends OperationParts {
  /** Where secrets come from; default: the vault that the configuration names. */
  readonly openSecrets?: () => Promise<SecretSource>;
}

/** GitHub sends this one when a hook is set up; it asks for nothing. */
const PING = 'ping';
const DETAIL_CHARACTERS = 1_000;

/** One verified delivery becomes at most one operation, whichever id it comes under and however often. */
export function createReceive(parts: ReceiveParts): Receive {
  const open =
    parts.openSecrets ?? (async () => await openVault(vaultReference(parts.configuration(), parts.paths)));
  const secrets = createHookSecrets(open);
  const matcher = createRuleMatcher();
  const nextId = createIds();

  return {
    async receive(name, headers, body) {
      const hook = hookOf(parts, name);
      const tenant = hook.tenant ?? DEFAULT_TENANT;
      const verified = await secrets.withSecret(secretAccount(tenant, hook.secret), (secret) =>
        verifyGithub([secret], headers, body),
      );
      const first = await parts.store.findDelivery(tenant, name, verified.sourceId, verified.digest);
      if (first !== null && first.outcome !== 'rule-failed') return received(true, first);

      const now = parts.now();
      const arrival = {
        id: `dl_${nextId(now.getTime())}`,
        tenant,
        hook: name,
        receivedAt: now.toISOString(),
      };
      const result = await resultOf(hook, arrival, verified, body);
      return await record(parts, arrival, verified, result);
    },
    async checkVault() {
      const vault = await open(); // a locked keychain says so at its first use
      await vault.get(secretAccount(DEFAULT_TENANT, 'readiness'));
    },
    stop: async () => await matcher.stop(),
  };

  async function resultOf(
    hook: Hook,
    arrival: Arrival,
    verified: VerifiedDelivery,
    body: Buffer,
  ): Promise<Decision> {
    if (verified.event === PING) return { outcome: 'no-rule', rule: null, detail: 'ping', operation: null };
    const { event, headers, format } = verified;
    const job = { hook: arrival.hook, event, headers, format, body, rules: hook.rules };
    return await decide(parts, arrival, await matcher.match(job));
  }
}

/** What is known of a delivery before its rules ran. */
type Arrival = Pick<NewDelivery, 'id' | 'tenant' | 'hook' | 'receivedAt'>;

/** What a delivery leads to. */
interface Decision extends Pick<NewDelivery, 'outcome' | 'rule' | 'detail'> {
  readonly operation: NewOperation | null;
}

function hookOf(parts: ReceiveParts, name: string): Hook {
  const { hooks } = parts.configuration();
  const hook = Object.hasOwn(hooks, name) ? hooks[name] : undefined;
  if (hook === undefined) throw new AppError('unknown-hook', `There is no hook "${name}".`);
  return hook;
}

async function decide(parts: ReceiveParts, arrival: Arrival, result: RuleResult): Promise<Decision> {
  switch (result.kind) {
    case 'invalid-json':
      throw new AppError('invalid-json', result.detail);
    case 'no-rule':
      return { outcome: 'no-rule', rule: null, detail: null, operation: null };
    case 'rule-failed':
      return failed(arrival, result.rule, result.detail);
    case 'matched':
      return await matched(parts, arrival, result);
  }
}

/** A request that is refused is the rule's failure; a server that cannot check it now is not. */
async function matched(
  parts: ReceiveParts,
  arrival: Arrival,
  { rule, request }: Extract<RuleResult, { kind: 'matched' }>,
): Promise<Decision> {
  const origin = { kind: 'hook', name: `${arrival.hook}/${rule}`, deliveryId: arrival.id } as const;
  try {
    const wanted = { tenant: arrival.tenant, request, origin, retryOf: null };
    const operation = await prepareOperation(parts, wanted);
    return { outcome: 'matched', rule, detail: null, operation };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return failed(arrival, rule, `${error.message} ${error.hint}`);
  }
}

function failed(arrival: Arrival, rule: string | null, detail: string): Decision {
  const whose =
    rule === null ? `The rules of hook "${arrival.hook}"` : `Rule "${rule}" of hook "${arrival.hook}"`;
  return {
    outcome: 'rule-failed',
    rule,
    detail: cutText(`${whose} could not be carried out: ${detail}`, DETAIL_CHARACTERS),
    operation: null,
  };
}

async function record(
  parts: ReceiveParts,
  arrival: Arrival,
  verified: VerifiedDelivery,
  { operation, ...decision }: Decision,
): Promise<ReceivedDelivery> {
  const delivery = {
    ...arrival,
    ...decision,
    sourceId: verified.sourceId,
    bodyDigest: verified.digest,
    event: verified.event,
  };
  const accepted = await parts.store.acceptDelivery(delivery, operation === null ? [] : [operation]);
  if (accepted.delivery.outcome === 'rule-failed') {
    throw new AppError('rule-failed', accepted.delivery.detail ?? 'The rule could not be carried out.');
  }
  return received(accepted.repeated, accepted.delivery);
}

function received(repeated: boolean, delivery: Delivery): ReceivedDelivery {
  return { repeated, receipt: { deliveryId: delivery.id, operations: delivery.operations } };
}
