/** A function that is made on its first call and kept. */
export function lazily<Input, Output>(make: () => (input: Input) => Output): (input: Input) => Output {
  let made: ((input: Input) => Output) | undefined;
  return (input) => (made ??= make())(input);
}
