import { Service } from "@pulumi/gcp/projects/service.js";
import * as pulumi from "@pulumi/pulumi";

export interface ProjectApisArgs {
  readonly project: string;
  /** Without the `.googleapis.com`: `run`, `sqladmin`. */
  readonly apis: readonly string[];
}

/** These three enable the others. */
const first = ["serviceusage", "cloudresourcemanager", "iam"];

/** The Google APIs of a project. Everything else depends on it, since a call to an API that is not enabled fails. */
export class ProjectApis extends pulumi.ComponentResource {
  readonly nodes: { readonly services: readonly Service[] };

  constructor(name: string, args: ProjectApisArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:governance:ProjectApis", name, {}, options);
    const enable = (api: string, dependsOn: Service[]) =>
      new Service(
        `${name}-${api}`,
        // Left on when the stack goes: other stacks of the project may use it, and turning it off deletes what it holds.
        { project: args.project, service: `${api}.googleapis.com`, disableOnDestroy: false },
        { parent: this, dependsOn },
      );
    const basics = first.map((api) => enable(api, []));
    const services = args.apis.filter((api) => !first.includes(api)).map((api) => enable(api, basics));
    this.nodes = { services: [...basics, ...services] };
    this.registerOutputs({});
  }
}
