/** What is made when it is first asked for, once: a start does not wait for what may never be used. */
export function lazily<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
