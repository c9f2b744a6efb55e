import { LifecyclePolicy } from "@pulumi/aws/ecr/lifecyclePolicy.js";
import { Repository as EcrRepository, type RepositoryArgs as EcrRepositoryArgs } from "@pulumi/aws/ecr/repository.js";
import { Repository, type RepositoryArgs } from "@pulumi/gcp/artifactregistry/repository.js";
import * as pulumi from "@pulumi/pulumi";
import { type Jurisdiction, residencyOf } from "../../stacks/residency.ts";
import { labels, type Transform, transformed } from "../component.ts";

export interface RegistriesArgs {
  readonly project: string;
  /** One repository in each cloud for each: a region must start without any other region being up. */
  readonly jurisdictions: readonly Jurisdiction[];
  readonly dependsOn: pulumi.Input<pulumi.Resource>[];
  readonly transform?: { readonly gcp?: Transform<RepositoryArgs>; readonly aws?: Transform<EcrRepositoryArgs> };
}

const repositoryId = "bailiwick";

/** Where images wait to be deployed, by digest: one repository a jurisdiction in each cloud, immutable and without personal data. */
export class Registries extends pulumi.ComponentResource {
  readonly nodes: { readonly gcp: Readonly<Record<string, Repository>>; readonly aws: Readonly<Record<string, EcrRepository>> };

  constructor(name: string, args: RegistriesArgs, options?: pulumi.ComponentResourceOptions) {
    super("bailiwick:storage:Registries", name, {}, options);
    const { project, transform = {} } = args;
    const gcp: Record<string, Repository> = {};
    const aws: Record<string, EcrRepository> = {};
    for (const jurisdiction of args.jurisdictions) {
      const places = residencyOf(jurisdiction);
      const repository = new Repository(
        `${name}-gcp-${jurisdiction}`,
        ...transformed(
          transform.gcp,
          {
            project,
            location: places.gcp.location,
            repositoryId,
            format: "DOCKER",
            mode: "STANDARD_REPOSITORY",
            dockerConfig: { immutableTags: true },
            description: `Images of region ${places.region}`,
            labels: labels(jurisdiction, "operational"),
          },
          { parent: this, protect: true, dependsOn: args.dependsOn },
        ),
      );
      gcp[jurisdiction] = repository;
      const images = new EcrRepository(
        `${name}-aws-${jurisdiction}`,
        ...transformed(
          transform.aws,
          {
            name: repositoryId,
            region: places.aws.location,
            imageTagMutability: "IMMUTABLE",
            imageScanningConfiguration: { scanOnPush: true },
            encryptionConfigurations: [{ encryptionType: "AES256" }],
            forceDelete: false,
            tags: labels(jurisdiction, "operational"),
          },
          { parent: this, protect: true },
        ),
      );
      aws[jurisdiction] = images;
      new LifecyclePolicy(
        `${name}-aws-${jurisdiction}-lifecycle`,
        {
          region: places.aws.location,
          repository: images.name,
          policy: JSON.stringify({
            rules: [
              {
                rulePriority: 1,
                description: "untagged images after 90 days",
                selection: { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: 90 },
                action: { type: "expire" },
              },
            ],
          }),
        },
        { parent: this },
      );
    }
    this.nodes = { gcp, aws };
    this.registerOutputs({ repositories: this.repositories });
  }

  /** `123456789012.dkr.ecr.eu-central-1.amazonaws.com/bailiwick`, by jurisdiction. */
  get awsRepositories(): pulumi.Output<Record<string, string>> {
    return pulumi.output(
      Object.fromEntries(Object.entries(this.nodes.aws).map(([jurisdiction, { repositoryUrl }]) => [jurisdiction, repositoryUrl])),
    );
  }

  /** `europe-west3-docker.pkg.dev/project/bailiwick`, by jurisdiction. */
  get repositories(): pulumi.Output<Record<string, string>> {
    return pulumi.output(
      Object.fromEntries(
        Object.entries(this.nodes.gcp).map(([jurisdiction, { location, project, repositoryId: id }]) => [
          jurisdiction,
          pulumi.interpolate`${location}-docker.pkg.dev/${project}/${id}`,
        ]),
      ),
    );
  }
}
