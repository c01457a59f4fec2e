import { type ChildProcess, fork } from "node:child_process";

/** CPU that a process, and its main thread alone, have used, microseconds, user and system together. */
export type CpuReport = { cpu: number; thread: number };

export type Child = {
  pid: number;
  /** Sends a question and waits for the answer that comes next. */
  ask<Answer>(question: unknown): Promise<Answer>;
  cpu(): Promise<number>;
  cpuReport(): Promise<CpuReport>;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
};

/** Starts a program of the benchmark in a process of its own, which can tell the CPU it has used. */
export function startChild(
  file: string,
  options: { args?: string[]; env?: NodeJS.ProcessEnv; isQuiet?: boolean; execArgv?: readonly string[] } = {},
): Child {
  const child = fork(file, options.args ?? [], {
    execArgv: ["--import", new URL("./report-cpu.ts", import.meta.url).href, ...(options.execArgv ?? [])],
    env: { ...process.env, ...options.env },
    stdio: ["ignore", options.isQuiet === true ? "ignore" : "inherit", "inherit", "ipc"],
  });
  child.setMaxListeners(50);
  const cpuReport = async (): Promise<CpuReport> => {
    const answer = next(child, isCpu);
    child.send("cpu");
    return (await answer) as CpuReport;
  };
  return {
    pid: child.pid ?? 0,
    ask: (question) => {
      const answer = next(child, (message) => !isCpu(message));
      child.send(question as object);
      return answer as Promise<never>;
    },
    cpu: async () => (await cpuReport()).cpu,
    cpuReport,
    stop: () =>
      new Promise((resolve) => {
        child.once("exit", () => resolve());
        child.kill();
      }),
  };
}

function isCpu(message: unknown): boolean {
  return typeof message === "object" && message !== null && "cpu" in message;
}

function next(child: ChildProcess, isWanted: (message: unknown) => boolean): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      if (!isWanted(message)) return;
      child.off("message", onMessage);
      child.off("exit", onExit);
      resolve(message);
    };
    const onExit = (code: number | null): void => reject(new Error(`A process ended with ${code}.`));
    child.on("message", onMessage);
    child.once("exit", onExit);
  });
}

/** In a child: answers the questions of its parent. */
export function answerParent(handle: (question: never) => Promise<unknown>): void {
  process.on("message", (question) => {
    if (question === "cpu") return;
    void handle(question as never).then((answer) => process.send?.(answer));
  });
}
