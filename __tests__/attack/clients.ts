import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { HOSTILE_BODIES } from "./bodies.ts";

/** The gateway under attack. */
export type EngineCall = { url: string; key: string };

const UPLOAD_BYTES = 25 * 1024 * 1024;
const PIECE = Buffer.alloc(64 * 1024, "a");
const PIECE_MS = 100;
const agent = new Agent({ keepAlive: false });

/** Resolves with the status, 0 for a connection that was cut; an answer may come before the body is out. */
export function send({ url, key }: EngineCall, path: string, body: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "content-length": body.length,
    };
    const sent = request(`${url}${path}`, { agent, method: "POST", headers }, (answer) => {
      answer.resume();
      answer.once("close", () => resolve(answer.statusCode ?? 0));
    });
    let answered = false;
    sent.once("response", () => {
      answered = true;
    });
    sent.on("error", () => {
      if (!answered) resolve(0);
    });
    sent.end(body);
  });
}

/** A body in chunks of one byte, as many; resolves with the status, 0 for a connection that was cut. */
export async function tinyChunks({ url, key }: EngineCall, count: number): Promise<number> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const status = new Promise<number>((resolve) => {
    socket.on("error", () => resolve(0));
    socket.once("close", () => resolve(0));
    socket.once("data", (data: Buffer) => resolve(Number(data.toString("latin1").split(" ")[1])));
  });
  await once(socket, "connect");
  socket.write(
    `POST /api/v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n` +
      "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
  );
  const chunksOf = (text: string): string => [...text].map((letter) => `1\r\n${letter}\r\n`).join("");
  socket.write(chunksOf('{"model":"smart","messages":[{"role":"user","content":"'));
  const many = chunksOf("a".repeat(100_000));
  for (let sent = 0; sent < count; sent += 100_000) {
    if (!socket.write(many)) await Promise.race([once(socket, "drain"), status]);
  }
  socket.write(`${chunksOf('"}]}')}0\r\n\r\n`);
  const answered = await status;
  socket.destroy();
  return answered;
}

/** Requests of several kinds, each of which takes as much memory as its limits let it. */
export function worstRequests(count: number): { path: string; bytes: Buffer }[] {
  const kinds = [
    "200,000 objects of an unknown field",
    "24 MB of Chinese",
    "24 MB of escaped quotes",
    "an image of 24 MB",
  ];
  const bodies = kinds.map((kind) => {
    const body = HOSTILE_BODIES.find(({ name }) => name === kind);
    if (body === undefined) throw new Error(`There is no body "${kind}".`);
    return { path: body.path, bytes: body.make() };
  });
  return Array.from(
    { length: count },
    (_, index) => bodies[index % bodies.length] ?? { path: "", bytes: PIECE },
  );
}

/** Uploads of 25 MB that begin, and then come in small pieces for so long, milliseconds; they are left open. */
export async function slowUploads(
  { url, key }: EngineCall,
  count: number,
  milliseconds: number,
): Promise<{ statuses: number[]; sockets: Socket[] }> {
  const { hostname, port } = new URL(url);
  const statuses: number[] = [];
  const head =
    `POST /api/v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n` +
    `content-type: application/json\r\ncontent-length: ${UPLOAD_BYTES}\r\n\r\n{"model":"smart","x":"`;
  const sockets = await Promise.all(
    Array.from({ length: count }, async (): Promise<Socket> => {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => socket.destroy());
      socket.once("data", (data: Buffer) => statuses.push(Number(data.toString("latin1").split(" ")[1])));
      await once(socket, "connect");
      socket.write(head);
      return socket;
    }),
  );
  const until = performance.now() + milliseconds;
  while (performance.now() < until) {
    for (const socket of sockets) if (socket.writableLength < PIECE.length) socket.write(PIECE);
    await pause(PIECE_MS);
  }
  return { statuses, sockets };
}
