import { Joint } from "#lib/providers/chat/joint.ts";
import { JOINT_ENGINES, type JointEngine, SEAMS, type Seam } from "../support/seams.ts";

/** Prints how many of the seams each engine's text is joined at byte for byte: the table in docs/FAILOVER.md. */
function isClean({ sent, rest }: Seam, told: string): boolean {
  const joint = new Joint(sent);
  const parts = [joint.push(told), joint.end()];
  return parts.map((part) => (part.kind === "new" ? part.text : "\0")).join("") === rest;
}

function clean({ tells }: JointEngine): number {
  return SEAMS.filter((seam) => isClean(seam, tells(seam))).length;
}

const lines = JOINT_ENGINES.map((engine) => `| ${engine.name} | ${clean(engine)} of ${SEAMS.length} |`);
process.stdout.write(`${["| The engine | joined |", "|---|---:|", ...lines].join("\n")}\n`);
