// Services on a real workerd: what requests see when it changes, dies or refuses.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Internet } from "../../../sandbox/engine/internet.ts";
import { type Service, Workerd } from "../../../sandbox/runtimes/workerd/workerd.ts";
import { isAlive, isGone } from "../../alive.ts";
import { until } from "../../until.ts";

let folder: string;
const running: Workerd[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "workerd-"));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((workerd) => workerd.stop()));
  rmSync(folder, { recursive: true, force: true });
});

const logged: string[] = [];
function start(name = "a", internet = new Internet()): Workerd {
  const workerd = new Workerd(join(folder, name), internet, (line) => logged.push(line));
  running.push(workerd);
  return workerd;
}

function service(name: string, answer: string): Service {
  const code = `export default { async fetch(request, env) { return new Response(${answer}); } };`;
  return {
    name,
    modules: [{ name: "index.js", type: "application/javascript+module", bytes: new TextEncoder().encode(code) }],
    compatibilityDate: "2026-07-01",
    compatibilityFlags: [],
    values: {},
    kv: {},
    durableObjects: {},
    rateLimits: {},
  };
}

const ask = async (workerd: Workerd, name: string, init: RequestInit = {}) => {
  const answer = await workerd.fetch(() => name, new Request("https://worker.example/", init));
  return `${answer.status} ${await answer.text()}`;
};

test("runs exactly what was last asked for", async () => {
  const workerd = start();
  await workerd.apply([service("a", '"a"'), service("b", '"b"')]);
  expect([await ask(workerd, "a"), await ask(workerd, "b")]).toEqual(["200 a", "200 b"]);
  await workerd.apply([service("b", '"b2"')]);
  expect([await ask(workerd, "a"), await ask(workerd, "b")]).toEqual(['503 no Worker "a" is running\n', "200 b2"]);
});

test("what it refuses changes nothing, however often", async () => {
  const workerd = start();
  await workerd.apply([service("a", '"a"')]);
  for (let i = 0; i < 2; i++) {
    await expect(workerd.apply([service("a", '"never"'), service("b", "no (JavaScript")])).rejects.toThrow("SyntaxError");
    expect(await ask(workerd, "a")).toBe("200 a");
    expect(workerd.services).toEqual(["a"]);
  }
  await workerd.apply([service("a", '"next"')]);
  expect(await ask(workerd, "a")).toBe("200 next");
});

test("what it refuses at first leaves it ready for what comes next", async () => {
  const workerd = start();
  await expect(workerd.apply([service("a", "no (JavaScript")])).rejects.toThrow("SyntaxError");
  await workerd.apply([service("a", '"a"')]);
  expect(await ask(workerd, "a")).toBe("200 a");
});

test("a request that comes during changes waits, and is answered by what then runs", async () => {
  const workerd = start();
  await workerd.apply([service("a", '"1"')]);
  const changes = [workerd.apply([service("a", '"2"')]), workerd.apply([service("a", '"3"')])];
  expect(await Promise.all([ask(workerd, "a"), ask(workerd, "a", { method: "POST", body: "x" })])).toEqual(["200 3", "200 3"]);
  await Promise.all(changes);
});

test("a request under way is answered before a change", async () => {
  const internet = new Internet();
  let answer: (response: Response) => void = () => {};
  let arrived = false;
  internet.register("slow.example", () => {
    arrived = true;
    return new Promise((resolve) => {
      answer = resolve;
    });
  });
  const workerd = start("a", internet);
  await workerd.apply([service("a", '"old " + await (await fetch("https://slow.example/")).text()')]);
  const asked = ask(workerd, "a");
  await until(() => arrived, "the request");
  const change = workerd.apply([service("a", '"new"')]);
  answer(new Response("done"));
  expect(await asked).toBe("200 old done");
  await change;
  expect(await ask(workerd, "a")).toBe("200 new");
});

test("is started again, once, by the requests that find it dead, and none is lost", async () => {
  const workerd = start();
  await workerd.apply([service("a", "await request.text()")]);
  const dead = workerd.pid as number;
  process.kill(dead, "SIGKILL");
  await until(() => isGone(dead), "the process to be gone, and its ports with it");
  const bodies = Array.from({ length: 20 }, (_, i) => `body ${i}`);
  logged.length = 0;
  expect(await Promise.all(bodies.map((body) => ask(workerd, "a", { method: "POST", body })))).toEqual(bodies.map((body) => `200 ${body}`));
  expect(logged.filter((line) => line === "workerd does not answer: starting it again")).toHaveLength(1);
  expect(workerd.pid).not.toBe(dead);
});

test("killed under requests, it leaves none of them hanging", async () => {
  const workerd = start();
  await workerd.apply([service("a", '"a"')]);
  const answers: string[] = [];
  let over = false;
  const asking = Array.from({ length: 8 }, async () => {
    while (!over) answers.push(await ask(workerd, "a").catch((error: NodeJS.ErrnoException) => `cut: ${error.code}`));
  });
  for (let round = 0; round < 3; round++) {
    const before = answers.length;
    await until(() => answers.length > before + 20, "answers");
    const dead = workerd.pid as number;
    process.kill(dead, "SIGKILL");
    await until(() => workerd.pid !== dead, "the next workerd");
  }
  over = true;
  await Promise.all(asking);
  // What was on a connection that broke is cut, for it may have been processed; nothing is answered wrongly.
  expect(new Set(answers.filter((answer) => answer !== "200 a" && !/^cut: (ECONNRESET|EPIPE)$/.test(answer)))).toEqual(new Set());
  expect(await ask(workerd, "a")).toBe("200 a");
});

test("a client that goes away ends its request, and no other", async () => {
  const internet = new Internet();
  let gone = false;
  internet.register("slow.example", () => new Promise(() => {}));
  const workerd = start("a", internet);
  await workerd.apply([service("a", 'await (await fetch("https://slow.example/")).text()'), service("b", '"b"')]);
  const controller = new AbortController();
  const asked = ask(workerd, "a", { signal: controller.signal }).catch((error: Error) => {
    gone = true;
    return error.name;
  });
  expect(await ask(workerd, "b")).toBe("200 b");
  expect(gone).toBe(false);
  controller.abort();
  expect(await asked).toBe("AbortError");
  expect(await ask(workerd, "b")).toBe("200 b");
});

test("stopped, it is no process and starts no other, whoever asks", async () => {
  const workerd = start();
  await workerd.apply([service("a", '"a"')]);
  const pid = workerd.pid as number;
  await workerd.stop();
  expect([isAlive(pid), workerd.pid]).toEqual([false, undefined]);
  expect(await ask(workerd, "a")).toBe('503 no Worker "a" is running\n');
  expect(workerd.pid).toBeUndefined();
});

test("two of them share one process of ours and nothing else", async () => {
  const [first, second] = [start("first"), start("second")];
  await Promise.all([first.apply([service("a", '"first"')]), second.apply([service("a", '"second"')])]);
  expect([await ask(first, "a"), await ask(second, "a")]).toEqual(["200 first", "200 second"]);
  expect(first.pid).not.toBe(second.pid);
  await second.stop();
  expect([isAlive(first.pid as number), await ask(first, "a")]).toEqual([true, "200 first"]);
});

test("its folder may have any name", async () => {
  mkdirSync(join(folder, 'it\'s a $HOME "here"'));
  const workerd = start('it\'s a $HOME "here"');
  await workerd.apply([service("a", '"a"')]);
  expect(await ask(workerd, "a")).toBe("200 a");
  expect(isAlive(workerd.pid as number)).toBe(true);
});
