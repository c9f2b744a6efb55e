// A fresh embedded Google Cloud project in a folder of its own: store, internet and IAM, for the services under test.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Iam } from "../../../sandbox/clouds/gcp/iam.ts";
import type { Ground } from "../../../sandbox/engine/cloud.ts";
import { Internet } from "../../../sandbox/engine/internet.ts";
import { Store } from "../../../sandbox/engine/store.ts";
import { Program } from "../aws/program.ts";

export class Project extends Program {
  readonly folder = mkdtempSync(join(tmpdir(), "gcp-"));
  readonly ground: Ground;
  readonly iam: Iam;

  constructor(project: string) {
    super({ project, region: "europe-west3" });
    const socketDir = join(this.folder, "run");
    mkdirSync(socketDir);
    this.ground = {
      store: new Store(join(this.folder, "store.sqlite")),
      internet: new Internet(),
      dataDir: join(this.folder, "gcp"),
      logDir: join(this.folder, "logs"),
      socketDir,
      tools: {},
      egress: { proxyUrl: "", caFile: "" },
      log: () => {},
    };
    this.iam = new Iam(this.ground.store);
  }

  /** Closes its store and removes all its data. */
  purge(): void {
    this.ground.store.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
