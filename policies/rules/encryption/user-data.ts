// What a machine is told to do when it starts, wherever a provider takes it.

const scripts = ["metadataStartupScript", "metadata"];

const places: Readonly<Record<string, readonly string[]>> = {
  "aws:ec2/instance:Instance": ["userData", "userDataBase64"],
  "aws:ec2/launchConfiguration:LaunchConfiguration": ["userData", "userDataBase64"],
  "aws:ec2/launchTemplate:LaunchTemplate": ["userData"],
  "aws:ec2/spotInstanceRequest:SpotInstanceRequest": ["userData", "userDataBase64"],
  "aws:lightsail/instance:Instance": ["userData"],
  "aws:sagemaker/notebookInstanceLifecycleConfiguration:NotebookInstanceLifecycleConfiguration": ["onCreate", "onStart"],
  "gcp:compute/instance:Instance": scripts,
  "gcp:compute/instanceFromTemplate:InstanceFromTemplate": scripts,
  "gcp:compute/instanceTemplate:InstanceTemplate": scripts,
  "gcp:compute/projectMetadata:ProjectMetadata": ["metadata"],
  "gcp:compute/projectMetadataItem:ProjectMetadataItem": ["value"],
  "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": scripts,
};

/** Properties of a type that hold a script, or a map of them. */
export const userDataPaths = (type: string): readonly string[] => places[type] ?? [];
