import type { OperationEvent } from '../contract/event.ts';
import { isFinal, type Operation } from '../contract/operation.ts';

/** What an event says about the operation itself. */
export function moved(operation: Operation, event: OperationEvent): Operation {
  const { body, at } = event;
  const attempt = Math.max(operation.attempt, event.attempt);
  switch (body.type) {
    case 'state':
      return {
        ...operation,
        attempt,
        org: event.org ?? operation.org,
        state: body.to,
        error: body.error,
        waitingFor: body.to === 'queued' || body.to === 'scheduled' ? operation.waitingFor : null,
        startedAt: body.to === 'running' ? (operation.startedAt ?? at) : operation.startedAt,
        finishedAt: isFinal(body.to) ? at : null,
      };
    case 'waiting':
      return { ...operation, waitingFor: body.waitingFor };
    case 'progress':
      return { ...operation, attempt, progress: body.progress };
    case 'resolved':
      return { ...operation, resolution: body.resolution };
    case 'cancel-requested':
      return { ...operation, cancelRequestedAt: at };
    default:
      return operation;
  }
}
