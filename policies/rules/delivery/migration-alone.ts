// A migration of Durable Objects takes effect at once, for every version, and cannot be taken back; code is rolled out in parts and can.
// In one step they cannot be told apart, and a rollback of the code leaves it with classes that it does not know. A version with
// migrations is refused by a gradual deployment (developers.cloudflare.com/durable-objects/reference/durable-objects-migrations; error 10211).
import { byType, type Check } from "../../arguments.ts";
import { isPresent, select } from "../../resource.ts";
import type { Rule } from "../../rule.ts";

const changes = ["deletedClasses", "newClasses", "newSqliteClasses", "renamedClasses", "transferredClasses", "steps"];
const allowed = "a WorkersScript of its own for the migration, with the classes and nothing else, deployed before the code that uses them";

/** @param code what makes the resource more than the classes that it migrates */
const alone =
  (code: readonly string[]): Check =>
  ({ props }) => {
    const change = changes.find((name) => select(props, `migrations.${name}[*]`).length > 0);
    const beside = code.find((path) => isPresent(props, path));
    return change && beside
      ? [
          {
            kind: "violation",
            property: "migrations",
            problem: `migrations.${change} comes in one step with ${beside.replace("[*]", "")}`,
            allowed,
          },
        ]
      : [];
  };

export const migrationAlone: Rule = {
  id: "delivery/migration-alone",
  title: "A migration of Durable Objects is a step of its own",
  severity: "high",
  why: "A migration cannot be rolled back: code that comes with it and fails takes the subjects' stored consent with it.",
  remediation: "Put the migration into a WorkersScript that holds only the classes, and the code into another that comes after it.",
  frameworks: [
    { name: "GDPR", clause: "Art. 32(1)(b)" },
    { name: "ISO 27001", clause: "A.8.32" },
    { name: "SOC 2", clause: "CC8.1" },
    { name: "DORA", clause: "Art. 9(4)(e)" },
  ],
  phase: 1,
  neverExempt: false,
  enforcement: "mandatory",
  examples: {
    passes: [
      {
        type: "cloudflare:index/workersScript:WorkersScript",
        props: { scriptName: "subjects", content: "export class Subject {}", migrations: { newTag: "v1", newSqliteClasses: ["Subject"] } },
      },
    ],
    fails: [
      {
        type: "cloudflare:index/workersScript:WorkersScript",
        props: { scriptName: "subjects", contentFile: "index.js", migrations: { newTag: "v1", newSqliteClasses: ["Subject"] } },
      },
    ],
  },
  check: byType({
    "cloudflare:index/workerVersion:WorkerVersion": [alone(["modules[*]"])],
    // Inline content may be the classes alone; a file or a binding is the Worker proper.
    "cloudflare:index/workersScript:WorkersScript": [alone(["contentFile", "bindings[*]"])],
  }),
};
