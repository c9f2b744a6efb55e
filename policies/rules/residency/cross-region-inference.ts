// Models that answer from another region read there what they are asked.
import type { Context } from "../../context.ts";
import { type Resource, select, type Value } from "../../resource.ts";
import { is, judge, type Outcome, type Rule } from "../../rule.ts";
import { lawOf, nameOf, under } from "./demand.ts";

/** Arguments that name a model or an inference profile. */
export const modelArguments: Readonly<Record<string, readonly string[]>> = {
  "aws:bedrock/agentAgent:AgentAgent": ["foundationModel"],
  "aws:bedrock/agentPrompt:AgentPrompt": ["variants[*].modelId"],
  "aws:bedrock/guardrail:Guardrail": ["crossRegionConfig.guardrailProfileIdentifier"],
  "aws:bedrock/inferenceProfile:InferenceProfile": ["modelSource.copyFrom"],
  "gcp:discoveryengine/chatEngine:ChatEngine": ["chatEngineConfig.allowCrossRegion"],
};

/**
 * The geography within which an inference profile routes: the prefix of its name, `eu.anthropic...`, `global.amazon...`, `us.guardrail.v1:0`.
 * Source: docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html.
 */
const geographies: Readonly<Record<string, readonly string[]>> = { eu: ["eu"], us: ["us"] };

function geographyOf(value: Value): string | undefined {
  if (value === true) return "any region";
  if (typeof value !== "string") return undefined;
  return /^(?:arn:aws[\w-]*:bedrock:[\w-]*:\d*:(?:inference-profile|guardrail-profile)\/)?(amer|apac|au|ca|eu|global|jp|sa|us|us-gov)\.[a-z]/.exec(
    value,
  )?.[1];
}

function check(resource: Resource, context: Context): Outcome {
  const paths = modelArguments[resource.type];
  if (!paths || paths.every((path) => select(resource.props, path).length === 0)) return "notApplicable";
  return under(resource, context, (demand) =>
    paths.flatMap((path) =>
      judge(resource, path, (place) => {
        const geography = geographyOf(place.value);
        const home = demand.within.flatMap((jurisdiction) => geographies[jurisdiction] ?? []);
        if (demand.dataClass === "public" || geography === undefined || home.includes(geography)) return undefined;
        return {
          problem: `${is(resource, place)}, which answers from ${geography}, outside ${nameOf(demand)}`,
          law: lawOf(demand),
          allowed: home.length === 0 ? "a model of the region itself" : `a model of the region itself, or a profile of ${home.join(", ")}`,
        };
      }),
    ),
  );
}

export const crossRegionInference: Rule = {
  id: "residency/cross-region-inference",
  title: "Models answer from the jurisdiction",
  severity: "high",
  why: "A prompt holds what a person wrote or what is known of them; a profile that routes to wherever there is capacity sends it abroad at the busiest hour.",
  remediation: "Use the region's own model, or an inference profile of the jurisdiction's geography.",
  frameworks: [
    { name: "GDPR", clause: "Art. 44" },
    { name: "UK GDPR", clause: "Art. 44" },
    { name: "ISO 27001", clause: "A.5.23" },
    { name: "SOC 2", clause: "C1.1" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:bedrock/agentAgent:AgentAgent", props: { foundationModel: "eu.anthropic.claude-sonnet-4-20250514-v1:0" } }],
    fails: [{ type: "aws:bedrock/agentAgent:AgentAgent", props: { foundationModel: "us.anthropic.claude-sonnet-4-20250514-v1:0" } }],
  },
  check,
};
