// Loaded before a measured program, which need not know of it.
process.on("message", (message) => {
  if (message !== "cpu") return;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});

// The benchmark has ended, perhaps by an error.
process.once("disconnect", () => process.exit());

export {};
