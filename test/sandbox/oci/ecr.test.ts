import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Account } from "../aws/fixture.ts";
import { crane, image, layer, loopback, writeLayout } from "./fixture.ts";

const account = new Account("us-east-1");
const folder = mkdtempSync(join(tmpdir(), "ecr-"));
let registry: Awaited<ReturnType<typeof loopback>>;
beforeAll(async () => {
  await account.start();
  registry = await loopback(account.ground.internet, `${account.aws.account}.dkr.ecr.us-east-1.amazonaws.com`);
});
afterAll(async () => {
  await registry.close();
  await account.purge();
  rmSync(folder, { recursive: true, force: true });
});

const login = () => ({ user: "AWS", password: account.aws.registryPassword(account.aws.deployer) });
async function push(name: string, tag: string, content: string): Promise<string> {
  const made = image([await layer([{ name: "app/main.js", content }])]);
  const layout = writeLayout(mkdtempSync(join(folder, "layout-")), made);
  await crane(registry.address, login(), "push", layout, `${registry.address}/${name}:${tag}`);
  return made.digest;
}

describe("a repository of ECR", () => {
  test("has the outputs of the real provider", async () => {
    const repository = await account.create("Repository", { name: "team/outputs" });
    expect(repository.id).toBe("team/outputs");
    expect(repository.state).toMatchObject({
      arn: `arn:aws:ecr:us-east-1:${account.aws.account}:repository/team/outputs`,
      registryId: account.aws.account,
      repositoryUrl: `${account.aws.account}.dkr.ecr.us-east-1.amazonaws.com/team/outputs`,
      imageTagMutability: "MUTABLE",
    });
  });

  test("takes a push and gives it back by digest", async () => {
    await account.create("Repository", { name: "team/app" });
    const digest = await push("team/app", "one", "1");
    expect(await crane(registry.address, login(), "digest", `${registry.address}/team/app:one`)).toBe(digest);
    expect(await crane(registry.address, login(), "ls", `${registry.address}/team/app`)).toBe("one");
    const exported = await crane(registry.address, login(), "export", `${registry.address}/team/app@${digest}`, "-");
    expect(exported).toContain("app/main.js");
  });

  test("is for those who have signed in, and exists only once made", async () => {
    await account.create("Repository", { name: "private" });
    await push("private", "one", "1");
    await expect(crane(registry.address, undefined, "digest", `${registry.address}/private:one`)).rejects.toThrow(/401|UNAUTHORIZED/);
    const forged = { user: "AWS", password: `${login().password}x` };
    await expect(crane(registry.address, forged, "digest", `${registry.address}/private:one`)).rejects.toThrow(/401|UNAUTHORIZED/);
    await expect(push("never-made", "one", "1")).rejects.toThrow(/NAME_UNKNOWN/);
  });

  test("keeps a tag where tags are immutable, but for those excluded", async () => {
    await account.create("Repository", {
      name: "immutable",
      imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
      imageTagMutabilityExclusionFilters: [{ filter: "dev-*", filterType: "WILDCARD" }],
    });
    for (const tag of ["v1", "dev-1"]) await push("immutable", tag, "first");
    await expect(push("immutable", "v1", "second")).rejects.toThrow(/TAG_IMMUTABLE/);
    const moved = await push("immutable", "dev-1", "second");
    expect(await crane(registry.address, login(), "digest", `${registry.address}/immutable:dev-1`)).toBe(moved);
    await push("immutable", "v1", "first");
  });

  test("is deleted when empty, or by force", async () => {
    const careful = await account.create("Repository", { name: "careful" });
    await push("careful", "one", "1");
    await expect(account.delete(careful)).rejects.toThrow(/RepositoryNotEmptyException/);
    await account.delete(await account.update(careful, { forceDelete: true }));
    await expect(crane(registry.address, login(), "digest", `${registry.address}/careful:one`)).rejects.toThrow();
  });

  test("may have one name in two regions", async () => {
    await account.create("Repository", { name: "both" });
    const other = await account.create("Repository", { name: "both", region: "eu-central-1" });
    expect(other.id).toBe("both@eu-central-1");
    await expect(account.create("Repository", { name: "both" })).rejects.toThrow(/RepositoryAlreadyExistsException/);
  });

  test("needs a lifecycle policy's repository first", async () => {
    await expect(account.create("LifecyclePolicy", { repository: "nowhere", policy: "{}" })).rejects.toThrow(/RepositoryNotFoundException/);
    await account.create("Repository", { name: "aging" });
    expect((await account.create("LifecyclePolicy", { repository: "aging", policy: "{}" })).id).toBe("aging");
  });
});
