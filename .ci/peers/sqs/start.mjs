// Starts fauxqs on the port given, or on a free one, and says where it listens.
import { startFauxqs } from "fauxqs";

const server = await startFauxqs({ port: Number(process.argv[2] ?? 0), logger: false });
console.log(`SQS listens on http://127.0.0.1:${server.port}`);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
