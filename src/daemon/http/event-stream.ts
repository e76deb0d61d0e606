import { AppError } from '../../contract/errors.ts';
import type { OperationEvent, Position } from '../../contract/event.ts';
import { isFinal, type Operation } from '../../contract/operation.ts';
import type { Sink } from '../events/outbox.ts';
import { type Call, LIVE_TIMING, TAKEN_OVER } from './parts.ts';
import { openSlowWriter, type SlowWriter } from './slow-writer.ts';

/**
 * The events of one operation as server-sent events. Every `id` is a position, so a client that comes back with
 * `Last-Event-ID` misses nothing; the stream ends with the operation.
 */
export async function streamOperation(
  call: Call<'listEvents'>,
  operation: Operation,
): Promise<typeof TAKEN_OVER> {
  const after = await startOf(call);
  const { epoch } = await call.parts.operations.store.position();
  const writer = openWriter(call);
  const sink = sinkOf(writer, { epoch, hasEnded: createEndCheck(call, operation) });
  const filter = { tenant: call.caller.tenant, operation: operation.id, org: null };
  try {
    const subscription = await call.parts.outbox.follow(filter, after, sink);
    void writer.closed.then(() => subscription.stop());
  } catch (error) {
    call.request.log.error({ err: error }, 'an event stream could not begin');
    writer.end();
  }
  return TAKEN_OVER;
}

/**
 * What had ended before it was followed is told completely by its history. What had not tells its end itself, unless
 * that lies in the part of the history that could not be recovered.
 */
function createEndCheck(call: Call<'listEvents'>, operation: Operation) {
  return async (recovered: boolean): Promise<boolean> => {
    if (recovered || isFinal(operation.state)) return isFinal(operation.state);
    const now = await call.parts.operations.store.getOperation(operation.tenant, operation.id);
    return now === null || isFinal(now.state);
  };
}

/** Where to begin: behind what the client has seen, else at the beginning. */
async function startOf(call: Call<'listEvents'>): Promise<Position> {
  const seen = call.request.headers['last-event-id'];
  if (typeof seen === 'string' && seen !== '') return positionOf(seen);
  const { epoch } = await call.parts.operations.store.position();
  return { epoch, seq: call.query.after ?? 0 };
}

function positionOf(id: string): Position {
  const [, epoch, seq] = /^(.{1,64}):(\d{1,15})$/.exec(id) ?? [];
  if (epoch === undefined) {
    throw new AppError('invalid-request', 'The Last-Event-ID is none of this server: it must be EPOCH:SEQ.');
  }
  return { epoch, seq: Number(seq) };
}

function sinkOf(
  writer: SlowWriter,
  of: { readonly epoch: string; readonly hasEnded: (recovered: boolean) => Promise<boolean> },
): Sink {
  let complete = true;
  return {
    subscribed(_position, recovered) {
      complete = recovered;
      if (!recovered) void writer.write('event: gap\ndata: {"recovered":false}\n\n');
    },
    async events(events) {
      await writer.write(events.map((event) => render(of.epoch, event)).join(''));
      if (events.some(endsOperation)) writer.end();
    },
    caughtUp() {
      of.hasEnded(complete).then(
        (ended) => ended && writer.end(),
        () => writer.end(),
      );
    },
    // the client comes back with the last position that it saw
    failed: () => writer.end(),
  };
}

function render(epoch: string, event: OperationEvent): string {
  return `id: ${epoch}:${event.seq}\ndata: ${JSON.stringify(event)}\n\n`;
}

function endsOperation({ body }: OperationEvent): boolean {
  return body.type === 'state' && isFinal(body.to);
}

function openWriter(call: Call<'listEvents'>): SlowWriter {
  const { pingMs, slowMs } = { ...LIVE_TIMING, ...call.parts.timing };
  call.reply.hijack();
  const { raw } = call.reply;
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    connection: 'close',
  });
  raw.flushHeaders();
  const writer = openSlowWriter(raw, slowMs);
  const beat = setInterval(() => {
    void writer.write(': still here\n\n');
    call.renew().catch(() => writer.end());
  }, pingMs);
  const forget = call.live.add(() => writer.end());
  void writer.closed.then(() => {
    clearInterval(beat);
    forget();
  });
  return writer;
}
