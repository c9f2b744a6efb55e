// Predefined roles, as far as this cloud enforces their permissions.
// Source: cloud.google.com/iam/docs/roles-permissions, one page a service.

const objectRead = ["storage.objects.get", "storage.objects.list"];
const objectWrite = [...objectRead, "storage.objects.create", "storage.objects.delete", "storage.objects.update"];

const roles: Readonly<Record<string, readonly string[]>> = {
  "roles/artifactregistry.reader": ["artifactregistry.repositories.downloadArtifacts", "artifactregistry.repositories.get"],
  "roles/artifactregistry.writer": [
    "artifactregistry.repositories.downloadArtifacts",
    "artifactregistry.repositories.get",
    "artifactregistry.repositories.uploadArtifacts",
  ],
  "roles/artifactregistry.admin": ["artifactregistry.*"],
  // Everything but using a key.
  "roles/cloudkms.admin": [
    ...["create", "destroy", "get", "list", "restore", "update"].map((verb) => `cloudkms.cryptoKeyVersions.${verb}`),
    ...["create", "get", "list", "setIamPolicy", "update"].map((verb) => `cloudkms.cryptoKeys.${verb}`),
  ],
  "roles/cloudkms.cryptoKeyEncrypter": ["cloudkms.cryptoKeyVersions.useToEncrypt"],
  "roles/cloudkms.cryptoKeyDecrypter": ["cloudkms.cryptoKeyVersions.useToDecrypt"],
  "roles/cloudkms.cryptoKeyEncrypterDecrypter": ["cloudkms.cryptoKeyVersions.useToEncrypt", "cloudkms.cryptoKeyVersions.useToDecrypt"],
  "roles/cloudkms.signer": ["cloudkms.cryptoKeyVersions.useToSign"],
  "roles/cloudkms.verifier": ["cloudkms.cryptoKeyVersions.useToVerify", "cloudkms.cryptoKeyVersions.viewPublicKey"],
  "roles/cloudkms.signerVerifier": [
    "cloudkms.cryptoKeyVersions.useToSign",
    "cloudkms.cryptoKeyVersions.useToVerify",
    "cloudkms.cryptoKeyVersions.viewPublicKey",
  ],
  "roles/cloudkms.publicKeyViewer": ["cloudkms.cryptoKeyVersions.viewPublicKey"],
  "roles/cloudsql.client": ["cloudsql.instances.connect", "cloudsql.instances.get"],
  "roles/cloudsql.instanceUser": ["cloudsql.instances.login", "cloudsql.instances.get"],
  "roles/cloudsql.admin": ["cloudsql.*"],
  "roles/iam.serviceAccountUser": ["iam.serviceAccounts.actAs"],
  "roles/iam.serviceAccountTokenCreator": ["iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken"],
  "roles/logging.logWriter": ["logging.logEntries.create"],
  "roles/logging.viewer": ["logging.logEntries.list"],
  "roles/monitoring.metricWriter": ["monitoring.timeSeries.create"],
  "roles/monitoring.viewer": ["monitoring.timeSeries.list", "monitoring.alertPolicies.list"],
  "roles/cloudscheduler.admin": ["cloudscheduler.*"],
  "roles/cloudscheduler.jobRunner": ["cloudscheduler.jobs.run"],
  "roles/cloudscheduler.viewer": ["cloudscheduler.jobs.get"],
  "roles/pubsub.admin": ["pubsub.*"],
  "roles/pubsub.editor": ["pubsub.topics.publish", "pubsub.topics.get", "pubsub.subscriptions.consume", "pubsub.subscriptions.get"],
  "roles/pubsub.publisher": ["pubsub.topics.publish"],
  "roles/pubsub.subscriber": ["pubsub.subscriptions.consume", "pubsub.topics.attachSubscription"],
  "roles/pubsub.viewer": ["pubsub.topics.get", "pubsub.subscriptions.get"],
  "roles/run.admin": ["run.*"],
  "roles/run.developer": ["run.jobs.run", "run.executions.get", "run.services.get"],
  "roles/run.invoker": ["run.routes.invoke", "run.jobs.run"],
  "roles/secretmanager.admin": ["secretmanager.*"],
  "roles/secretmanager.secretAccessor": ["secretmanager.versions.access"],
  "roles/secretmanager.secretVersionAdder": ["secretmanager.versions.add"],
  "roles/secretmanager.viewer": ["secretmanager.secrets.get", "secretmanager.versions.get", "secretmanager.versions.list"],
  "roles/storage.objectViewer": objectRead,
  "roles/storage.objectCreator": ["storage.objects.create"],
  "roles/storage.objectUser": objectWrite,
  "roles/storage.objectAdmin": ["storage.objects.*"],
  "roles/storage.admin": ["storage.*"],
  "roles/storage.legacyBucketReader": ["storage.buckets.get", "storage.objects.list"],
  "roles/telemetry.tracesWriter": ["telemetry.traces.write"],
  "roles/telemetry.writer": ["telemetry.traces.write", "telemetry.metrics.write", "telemetry.logs.write"],
  "roles/cloudtrace.user": ["cloudtrace.traces.get", "cloudtrace.traces.list"],
  "roles/serviceusage.serviceUsageConsumer": ["serviceusage.services.use", "serviceusage.services.get", "serviceusage.services.list"],
  "roles/owner": ["*"],
};

/**
 * Whether holding `role` allows what is asked: a permission (`run.routes.invoke`) or the role itself (`roles/run.invoker`).
 * A role that is not in the table allows itself only.
 */
export function roleAllows(role: string, permissionOrRole: string): boolean {
  if (role === permissionOrRole) return true;
  return (roles[role] ?? []).some((granted) =>
    granted.endsWith("*") ? permissionOrRole.startsWith(granted.slice(0, -1)) : granted === permissionOrRole,
  );
}
