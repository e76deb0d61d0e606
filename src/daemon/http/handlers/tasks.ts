import { inputSchema } from '../../../contract/command.ts';
import type { Configuration } from '../../../contract/configuration.ts';
import { declaredCommand } from '../../../contract/declared-command.ts';
import type { CommandDescription, TaskDescription } from '../../../contract/server.ts';
import { TASKS, type TaskKind, taskDefinition } from '../../../contract/tasks.ts';
import type { Handler } from '../parts.ts';

export const listTasks: Handler<'listTasks'> = async ({ parts }) => ({
  items: (Object.keys(TASKS) as TaskKind[]).map(describeTask),
  commands: describeCommands(parts.operations.configuration()),
});

function describeTask(kind: TaskKind): TaskDescription {
  const { input, result, title, lane, onWorkerLoss, timeoutSeconds, maxAttempts } = taskDefinition(kind);
  const policy = { lane, onWorkerLoss, timeoutSeconds, maxAttempts };
  return { kind, title, ...policy, inputSchema: input, resultSchema: result };
}

function describeCommands({ commands }: Configuration): CommandDescription[] {
  return Object.entries(commands).map(([name, declaration]) => {
    const command = declaredCommand(name, declaration);
    const { title, org, lane, onWorkerLoss, timeoutSeconds, maxAttempts } = command;
    const policy = { lane, onWorkerLoss, timeoutSeconds, maxAttempts };
    return { name, title, org, ...policy, inputSchema: inputSchema(command) };
  });
}
