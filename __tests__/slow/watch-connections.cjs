// Preloaded into a process and all that it starts: notes every host that one of them connects to or looks up.
const { appendFileSync } = require("node:fs");
const dgram = require("node:dgram");
const dns = require("node:dns");
const net = require("node:net");

const file = process.env.CONNECTIONS_LOG;
const note = (line) => appendFileSync(file, `${line}\n`);

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  // Node calls it with its own list of arguments as well.
  const [first, second] = Array.isArray(args[0]) ? args[0] : args;
  const options = typeof first === "object" && first !== null ? first : { port: first, host: second };
  const isPath = options.path !== undefined || (typeof first === "string" && Number.isNaN(Number(first)));
  if (!isPath) note(`${options.host ?? "localhost"}:${options.port}`);
  return connect.apply(this, args);
};

for (const [owner, name] of [
  [dns, "lookup"],
  [dns.promises, "lookup"],
  [dns, "resolve4"],
  [dns.promises, "resolve4"],
]) {
  const original = owner[name];
  owner[name] = (host, ...rest) => {
    if (net.isIP(host) === 0 && host !== "localhost") note(`name ${host}`);
    return original.call(owner, host, ...rest);
  };
}

const send = dgram.Socket.prototype.send;
dgram.Socket.prototype.send = function (...args) {
  note(`datagram ${args.filter((arg) => typeof arg === "string" || typeof arg === "number").join(":")}`);
  return send.apply(this, args);
};
