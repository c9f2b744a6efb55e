// Writes objects until it is killed, and says which are acknowledged. Run by durability.test.ts with the store's folder.
import { createHash } from "node:crypto";
import { ObjectStore } from "../../../sandbox/runtimes/gcs/object-store.ts";

const store = new ObjectStore(process.argv[2] as string);
for (let round = 0; ; round++) {
  const text = `${round} `.repeat(2000 + (round % 7) * 1000);
  const received = await store.receive([Buffer.from(text)] as unknown as AsyncIterable<Uint8Array>);
  const made = await store.insert(received, { bucket: "b", name: `object-${round % 20}`, metadata: {}, conditions: {}, hashes: {} });
  const md5 = createHash("md5").update(text).digest("base64");
  console.log(JSON.stringify({ name: made.name, generation: made.generation, md5 }));
}
