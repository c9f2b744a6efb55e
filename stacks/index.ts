// The program: one stack `global`, and one stack a region.
import * as pulumi from "@pulumi/pulumi";

const stack = pulumi.getStack();
const program = stack === "global" ? await import("./global.ts") : await import("./region.ts");

export default await program.deploy(stack, pulumi.runtime.allConfig());
