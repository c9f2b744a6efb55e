// The image of the collectors: the program and both clouds' configurations, on no base. Which configuration runs, its deployment says.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { paths } from "../../functions/shared/telemetry/emitter.ts";
import { collectorConfig } from "../../functions/telemetry/collector-config.ts";
import { root } from "../paths.ts";
import { provideTool } from "../tools.ts";
import { createImage, type Image } from "./oci-layout.ts";

const program = "/otelcol-bailiwick";

/** What the program was built from: the modules it holds. */
export const collectorModules = (): string => readFileSync(join(root, "tools", "collector", "go.mod"), "utf8");

/** Clouds run linux on amd64; the program of another machine runs there only. */
export const collectorRunsAnywhere = process.platform === "linux" && process.arch === "x64";

/** @param progress gets a line now and then: the program is built where it is missing */
export async function buildCollectorImage(progress: (line: string) => void): Promise<Image> {
  const { path } = await provideTool("collector", progress);
  const configurations = paths.map((cloud) => [`/etc/otelcol/${cloud}.yaml`, Buffer.from(collectorConfig(cloud))] as const);
  return createImage({
    files: { [program]: readFileSync(path), ...Object.fromEntries(configurations) },
    executables: [program],
    entrypoint: [program],
    command: [],
    workingDir: "/",
    env: [],
  });
}
