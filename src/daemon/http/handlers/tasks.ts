import { TASKS, type TaskKind, taskDefinition } from '../../../contract/tasks.ts';
import type { Handler } from '../parts.ts';

export const listTasks: Handler<'listTasks'> = async () => ({
  items: (Object.keys(TASKS) as TaskKind[]).map((kind) => {
    const task = taskDefinition(kind);
    return {
      kind,
      title: task.title,
      lane: task.lane,
      onWorkerLoss: task.onWorkerLoss,
      timeoutSeconds: task.timeoutSeconds,
      maxAttempts: task.maxAttempts,
      inputSchema: task.input,
      resultSchema: task.result,
    };
  }),
});
