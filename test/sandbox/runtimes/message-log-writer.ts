// Appends numbered messages until it is killed, and prints each number once it was acknowledged.
import { MessageLog } from "../../../sandbox/runtimes/message-log/message-log.ts";

const [file = "", first = "0"] = process.argv.slice(2);
const log = new MessageLog(file);
for (let i = Number(first); ; i += 8) {
  const numbers = Array.from({ length: 8 }, (_, k) => i + k);
  await Promise.all(numbers.map((number) => log.append("q", [{ body: Buffer.from(String(number)) }])));
  process.stdout.write(`${numbers.join("\n")}\n`);
}
