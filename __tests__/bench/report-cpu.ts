// Loaded before a measured program, which need not know of it.
process.on("message", (message) => {
  if (message !== "cpu") return;
  const { user, system } = process.cpuUsage();
  const thread = process.threadCpuUsage();
  process.send?.({ cpu: user + system, thread: thread.user + thread.system });
});

// The benchmark has ended, perhaps by an error.
process.once("disconnect", () => process.exit());

export {};
