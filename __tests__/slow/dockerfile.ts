import { readFileSync } from "node:fs";

/** One instruction of a Dockerfile: `COPY`, its flags (`--from=build`), and the rest. */
export type Instruction = { name: string; flags: Record<string, string>; rest: string };
export type Stage = { name: string; image: string; instructions: Instruction[] };

/** The stages of a Dockerfile. Reads what ours uses: comments, continued lines and flags. */
export function readStages(path: string): Stage[] {
  const lines = readFileSync(path, "utf8")
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const stages: Stage[] = [];
  for (const line of lines) {
    const [, name = "", flagged = ""] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const [flags = ""] = /^(?:--\S+\s+)*/.exec(flagged) ?? [];
    const rest = flagged.slice(flags.length);
    if (name === "FROM") {
      const [image = "", , stage = ""] = rest.split(" ");
      stages.push({ name: stage, image, instructions: [] });
      continue;
    }
    const pairs = flags
      .trim()
      .split(/\s+/)
      .filter(Boolean)
      .map((flag) => flag.slice(2).split("="));
    stages.at(-1)?.instructions.push({ name, flags: Object.fromEntries(pairs), rest });
  }
  return stages;
}

/** The only instruction of this name. */
export function only({ instructions }: Stage, name: string): Instruction {
  const [found, ...more] = instructions.filter((one) => one.name === name);
  if (found === undefined || more.length > 0) throw new Error(`There is not one ${name}.`);
  return found;
}
