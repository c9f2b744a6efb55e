// What the spool is configured with.
import * as z from "zod";
import { serviceEnvironment, telemetryEnvironment } from "../environment.ts";

export const spoolEnvironment = z.object({ ...serviceEnvironment, ...telemetryEnvironment });
export type SpoolEnvironment = z.infer<typeof spoolEnvironment>;
