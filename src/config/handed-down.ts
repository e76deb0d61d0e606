/** Those of the named variables that the environment has: a child process is given these and no others. */
export function handedDown(environment: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  const given = names.flatMap((name) => {
    const value = environment[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(given);
}
