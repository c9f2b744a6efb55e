// A machine that runs at its first start what it has just fetched from the internet runs what the internet says on that day.
import { byType, type Check, mustNot } from "../../arguments.ts";
import type { Value } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

/** `curl ... | sudo bash`, `bash <(wget ...)`, `sh -c "$(curl ...)"`, `iex (irm ...)`: a download that is executed unseen. */
const executes = [
  /\b(curl|wget)\b[^\n;&]*\|\s*(sudo\s+(-\S+\s+)*)?(env\s+)?(ba|da|k|z)?sh\b/,
  /\b(curl|wget)\b[^\n;&]*\|\s*(sudo\s+(-\S+\s+)*)?(python3?|perl|ruby|node)\b/,
  /\b(ba|da|k|z)?sh\b[^\n]*(<\(|\$\(|`)\s*(curl|wget)\b/,
  /\b(iex|invoke-expression)\b[^\n]*\b(irm|iwr|invoke-(restmethod|webrequest)|downloadstring)\b/i,
  /\b(irm|iwr|invoke-(restmethod|webrequest)|downloadstring)\b[^\n]*\|\s*(iex|invoke-expression)\b/i,
];

/** User data may be Base64, whatever the argument's name is. */
function scriptOf(value: Value): string {
  if (typeof value !== "string") return "";
  const compact = value.replaceAll(/\s/g, "");
  const isBase64 = compact.length > 0 && compact.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(compact);
  return isBase64 ? Buffer.from(compact, "base64").toString("utf8") : value;
}

/** The text is not shown: it may hold more than the download. */
const script = (path: string): Check => {
  const check = mustNot(
    path,
    (value) => executes.some((pattern) => pattern.test(scriptOf(value))),
    "an image with everything in it, or files whose hash the script checks",
  );
  return (resource, context) =>
    check(resource, context)
      // Addresses of other resources make a script unknown in a preview; it is judged in the update, before the machine exists.
      .filter(({ kind }) => kind === "violation")
      .map((finding) => (finding.kind === "violation" ? { ...finding, problem: `${path} fetches a script and runs it unseen` } : finding));
};

const metadata = [script("metadataStartupScript"), script("metadata.startup-script"), script("metadata.user-data")];

export const noRemoteScript: Rule = {
  id: "delivery/no-remote-script",
  title: "No machine runs a script that it has just fetched",
  severity: "high",
  why: "Whoever answers at that address on that day has root on a machine inside the network that holds people's data.",
  remediation: "Bake what is needed into the image; where something must be fetched, compare its SHA-256 before running it.",
  frameworks: [
    { name: "ISO 27001", clause: "A.8.19" },
    { name: "SOC 2", clause: "CC6.8" },
    { name: "NIS2", clause: "Art. 21(2)(d)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [{ type: "aws:ec2/instance:Instance", props: { userData: "#!/bin/sh\nsystemctl enable --now app\n" } }],
    fails: [
      { type: "aws:ec2/instance:Instance", props: { userData: "#!/bin/sh\ncurl -fsSL https://get.example/install.sh | sudo bash\n" } },
    ],
  },
  check: byType({
    "aws:ec2/instance:Instance": [script("userData"), script("userDataBase64")],
    "aws:ec2/launchConfiguration:LaunchConfiguration": [script("userData"), script("userDataBase64")],
    "aws:ec2/launchTemplate:LaunchTemplate": [script("userData")],
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest": [script("userData"), script("userDataBase64")],
    "aws:lightsail/instance:Instance": [script("userData")],
    "gcp:compute/instance:Instance": metadata,
    "gcp:compute/instanceTemplate:InstanceTemplate": metadata,
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": metadata,
  }),
};
