import { type Answer, type Call, invalidSession, Refusal } from './answers.ts';
import { deployResult } from './deploy-result.ts';
import type { DeployOptions } from './deployment.ts';
import { readPackage } from './package.ts';
import type { RouteParts } from './routes.ts';

/** `POST /services/Soap/m/NN.0`: as much of the Metadata API as sfp deploys with. */
export function metadataApi(parts: RouteParts, call: Call): Answer {
  const envelope = call.body.toString('utf8');
  const session = parts.sessions.find(textOf(envelope, 'sessionId') ?? '');
  if (session === null) throw soapFault('sf:INVALID_SESSION_ID', invalidSession().message);
  const asked = /<soapenv:Body[^>]*>\s*<(\w+)/.exec(envelope)?.[1];
  if (asked === 'deploy') {
    const options = readOptions(envelope);
    const zip = Buffer.from(textOf(envelope, 'ZipFile') ?? '', 'base64');
    const content = readPackage(zip, options.singlePackage);
    if (content === null) throw soapFault('sf:INVALID_ZIP_FILE', 'The file is not a valid zip archive');
    const { id } = parts.deployments.add(session.user, { options, package: content }, parts.plan());
    return soapAnswer('deploy', { done: false, id, state: 'Queued' });
  }
  if (asked === 'checkDeployStatus') {
    const deployment = parts.deployments.poll(textOf(envelope, 'asyncProcessId') ?? '');
    return soapAnswer('checkDeployStatus', deployResult(deployment, parts.now(), true));
  }
  throw soapFault('sf:INVALID_OPERATION', `No operation ${asked} here`);
}

function readOptions(envelope: string): DeployOptions {
  const given = textOf(envelope, 'DeployOptions') ?? '';
  const isTrue = (name: string): boolean => textOf(given, name) === 'true';
  return {
    checkOnly: isTrue('checkOnly'),
    testLevel: textOf(given, 'testLevel') ?? 'NoTestRun',
    runTests: [...given.matchAll(/<runTests>([^<]*)<\/runTests>/g)].map(([, name = '']) => name),
    rollbackOnError: isTrue('rollbackOnError'),
    ignoreWarnings: isTrue('ignoreWarnings'),
    singlePackage: isTrue('singlePackage'),
  };
}

function textOf(xml: string, name: string): string | null {
  return new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`).exec(xml)?.[1] ?? null;
}

function soapAnswer(operation: string, result: object): Answer {
  const inner = `<${operation}Response>${toXml('result', result)}</${operation}Response>`;
  return envelope(200, inner);
}

function soapFault(code: string, message: string): Refusal {
  const inner = `<soapenv:Fault><faultcode>${code}</faultcode><faultstring>${escaped(message)}</faultstring></soapenv:Fault>`;
  return new Refusal(envelope(500, inner));
}

function envelope(status: number, inner: string): Answer {
  const spaces = [
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"',
    'xmlns="http://soap.sforce.com/2006/04/metadata"',
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
  ].join(' ');
  const body = `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope ${spaces}><soapenv:Body>${inner}</soapenv:Body></soapenv:Envelope>`;
  return { status, body, headers: { 'content-type': 'text/xml;charset=UTF-8' } };
}

function toXml(name: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map((item) => toXml(name, item)).join('');
  const inner =
    typeof value === 'object'
      ? Object.entries(value)
          .map(([key, one]) => toXml(key, one))
          .join('')
      : escaped(String(value));
  return `<${name}>${inner}</${name}>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
