import { WorkersKv, type WorkersKvArgs } from "@pulumi/cloudflare/workersKv.js";
import { WorkersKvNamespace, type WorkersKvNamespaceArgs } from "@pulumi/cloudflare/workersKvNamespace.js";
import * as pulumi from "@pulumi/pulumi";
import { type Transform, transformed } from "../component.ts";

export interface SnapshotStoreArgs {
  readonly accountId: string;
  /** Title of the namespace, unique in the account. */
  readonly title: string;
  /** Documents by key. Public class only: KV is cached everywhere and forgets no sooner than a minute after a delete. */
  readonly documents: Readonly<Record<string, pulumi.Input<string>>>;
  readonly transform?: { readonly namespace?: Transform<WorkersKvNamespaceArgs>; readonly document?: Transform<WorkersKvArgs> };
}

/** What is published to the edge and says nothing of any person: experiments. Workers KV, eventually consistent. */
export class SnapshotStore extends pulumi.ComponentResource {
  readonly nodes: { readonly namespace: WorkersKvNamespace; readonly documents: readonly WorkersKv[] };

  constructor(name: string, args: SnapshotStoreArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:edge:SnapshotStore", name, {}, options);
    const { accountId, transform = {} } = args;
    const namespace = new WorkersKvNamespace(
      `${name}-namespace`,
      ...transformed(transform.namespace, { accountId, title: args.title }, { parent: this }),
    );
    const documents = Object.entries(args.documents).map(
      ([keyName, value]) =>
        new WorkersKv(
          `${name}-${keyName}`,
          ...transformed(transform.document, { accountId, namespaceId: namespace.id, keyName, value }, { parent: this }),
        ),
    );
    this.nodes = { namespace, documents };
    this.registerOutputs({ namespaceId: namespace.id });
  }

  get namespaceId(): pulumi.Output<string> {
    return this.nodes.namespace.id;
  }
}
