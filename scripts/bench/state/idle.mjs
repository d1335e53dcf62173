// The floor of what is measured in the gateway's process: a node that does nothing.
setInterval(() => {}, 1_000);
