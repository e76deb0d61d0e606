// An empty ES module: what a fork costs before anybody does anything. With a channel it would stay, so it lets go.
process.disconnect();
