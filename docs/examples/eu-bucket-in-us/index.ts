// What the policy pack is for: the provider stands in the European Union, the bucket says otherwise.
import { Provider } from "@pulumi/aws/provider.js";
import { Bucket } from "@pulumi/aws/s3/bucket.js";

const provider = new Provider("aws", { region: "eu-central-1" });

new Bucket("uploads", { bucket: "brand-uploads", region: "us-east-1", tags: { "data-class": "personal" } }, { provider, protect: true });
