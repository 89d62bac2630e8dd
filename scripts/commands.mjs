/** Runs the command that was named, of those that a script has; what goes wrong in it is told in one line. @param script as npm names it */
export async function runCommand(script, commands, name) {
  const run = Object.hasOwn(commands, name ?? '') ? commands[name] : undefined;
  if (run === undefined) {
    console.error(`usage: npm run ${script} -- ${Object.keys(commands).join(' | ')}`);
    process.exitCode = 2;
    return;
  }
  try {
    await run();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
