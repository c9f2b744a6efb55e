// As it was done ten years ago: one machine that everyone may log into, and a database with an address on the internet.
import { Instance } from "@pulumi/aws/ec2/instance.js";
import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import { AccessKey } from "@pulumi/aws/iam/accessKey.js";
import { User } from "@pulumi/aws/iam/user.js";
import { UserPolicyAttachment } from "@pulumi/aws/iam/userPolicyAttachment.js";
import { Provider } from "@pulumi/aws/provider.js";
import { Instance as Database } from "@pulumi/aws/rds/instance.js";

const on = {
  provider: new Provider("aws", { region: "eu-central-1", defaultTags: { tags: { jurisdiction: "eu", "data-class": "personal" } } }),
};
const group = new SecurityGroup(
  "all",
  {
    ingress: [
      { protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["0.0.0.0/0"] },
      { protocol: "tcp", fromPort: 5432, toPort: 5432, ipv6CidrBlocks: ["::/0"] },
    ],
  },
  on,
);
new Instance(
  "web",
  {
    ami: "ami-0123456789abcdef0",
    instanceType: "t3.micro",
    vpcSecurityGroupIds: [group.id],
    associatePublicIpAddress: true,
    userData: "#!/bin/sh\ncurl -fsSL https://get.example.com/agent.sh | sh\nexport DB_PASSWORD=hunter2hunter2\n",
  },
  on,
);
new Database(
  "shop",
  {
    engine: "mysql",
    engineVersion: "5.7",
    instanceClass: "db.t3.micro",
    allocatedStorage: 20,
    username: "root",
    password: "hunter2hunter2",
    publiclyAccessible: true,
    backupRetentionPeriod: 0,
    skipFinalSnapshot: true,
  },
  on,
);
const deploy = new User("deploy", {}, on);
new UserPolicyAttachment("deploy", { user: deploy.name, policyArn: "arn:aws:iam::aws:policy/AdministratorAccess" }, on);
new AccessKey("deploy", { user: deploy.name }, on);
