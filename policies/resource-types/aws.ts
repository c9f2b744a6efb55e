// What each type of @pulumi/aws holds. `module: type type` a line; `s3: bucket` is `aws:s3/bucket:Bucket`.

/** Data rests in it. */
export const stores = `
  amp: workspace
  backup: logicallyAirGappedVault vault
  bedrock: agentcoreMemory
  cloudsearch: domain
  cloudtrail: eventDataStore
  cloudwatch: logGroup
  codeartifact: repository
  codecommit: repository
  cognito: userPool
  customerprofiles: domain
  dax: cluster
  directoryservice: directory
  docdb: cluster elasticCluster
  dsql: cluster
  dynamodb: table tableReplica
  ebs: snapshot snapshotCopy snapshotImport volume volumeCopy
  ec2: ami amiCopy amiFromInstance
  ecr: repository
  ecrpublic: repository
  efs: fileSystem
  elasticache: cluster replicationGroup serverlessCache
  elasticsearch: domain
  fsx: backup fileCache lustreFileSystem ontapFileSystem openZfsFileSystem windowsFileSystem
  glacier: vault
  kendra: index
  keyspaces: table
  kinesis: firehoseDeliveryStream stream videoStream
  lightsail: bucket database disk
  location: geofenceCollection tracker
  mailmanager: archive
  mediastore: container
  memorydb: cluster snapshot
  mq: broker
  msk: cluster serverlessCluster
  neptune: cluster
  neptunegraph: graph
  opensearch: domain serverlessCollection
  qldb: ledger
  rds: cluster clusterSnapshot clusterSnapshotCopy instance snapshot snapshotCopy
  redshift: cluster clusterSnapshot
  redshiftserverless: namespace
  rekognition: collection
  s3: bucket bucketV2 directoryBucket vectorsVectorBucket
  s3control: bucket
  s3tables: tableBucket
  sagemaker: featureGroup
  secretsmanager: secret
  sesv2: contactList
  sqs: queue
  ssm: parameter
  timestreaminfluxdb: dbCluster dbInstance
  timestreamwrite: database table
  workspaces: workspace
`;

/** Data passes through it, or it is a key, a network or a job that reaches data. */
export const carries = `
  acm: certificate
  alb: listener loadBalancer targetGroup
  amplify: app
  apigateway: domainName restApi
  apigatewayv2: api domainName
  appflow: flow
  apprunner: service
  appsync: api dataSource domainName graphQLApi
  athena: workgroup
  backup: plan
  batch: computeEnvironment jobDefinition
  bedrock: agentAgent agentcoreAgentRuntime agentcoreGateway agentKnowledgeBase agentPrompt customModel guardrail inferenceProfile
  bedrock: provisionedModelThroughput
  bedrockmodel: invocationLoggingConfiguration
  cloudfront: distribution keyValueStore multitenantDistribution
  cloudtrail: trail
  cloudwatch: eventApiDestination eventArchive eventBus logDestination logSubscriptionFilter metricStream
  cognito: identityPool userPoolDomain
  comprehend: documentClassifier
  connect: instance
  datasync: efsLocation fsxOpenZfsFileSystem locationAzureBlob locationFsxLustre locationFsxOntapFileSystem locationFsxWindows
  datasync: locationHdfs locationObjectStorage locationSmb nfsLocation s3Location task
  dlm: lifecyclePolicy
  dms: endpoint replicationConfig replicationInstance replicationTask
  docdb: clusterInstance clusterSnapshot globalCluster
  dsql: clusterPeering
  dynamodb: globalTable kinesisStreamingDestination tableExport
  ec2: flowLog instance launchTemplate natGateway spotInstanceRequest subnet vpc vpcEndpoint vpcPeeringConnection vpnConnection
  ec2clientvpn: endpoint
  ec2transitgateway: peeringAttachment transitGateway
  ecr: pullThroughCacheRule replicationConfiguration
  ecs: cluster service taskDefinition
  efs: replicationConfiguration
  eks: cluster fargateProfile nodeGroup
  elasticache: globalReplicationGroup
  elasticbeanstalk: environment
  elb: loadBalancer
  emr: cluster
  emrserverless: application
  globalaccelerator: accelerator customRoutingAccelerator customRoutingEndpointGroup endpointGroup
  glue: catalogDatabase catalogTable connection job
  iot: topicRule
  keyspaces: keyspace
  kinesis: analyticsApplication
  kinesisanalyticsv2: application
  kms: customKeyStore externalKey key replicaExternalKey replicaKey
  lambda: function functionUrl
  lb: listener loadBalancer targetGroup
  lightsail: containerService distribution instance
  memorydb: multiRegionCluster
  msk: replicator
  mskconnect: connector
  mwaa: environment
  neptune: clusterInstance clusterSnapshot globalCluster
  observabilityadmin: centralizationRuleForOrganization
  opensearchingest: pipeline
  pinpoint: app
  pipes: pipe
  quicksight: dataSet dataSource
  rds: clusterInstance exportTask globalCluster instanceAutomatedBackupsReplication integration proxy shardGroup
  redshift: integration snapshotCopy
  redshiftserverless: snapshot workgroup
  route53: resolverEndpoint
  s3: accessPoint bucketAccelerateConfiguration bucketAccelerateConfigurationV2 bucketReplicationConfig filesFileSystem
  s3control: multiRegionAccessPoint objectLambdaAccessPoint
  s3tables: tableBucketReplication tableReplication
  sagemaker: domain endpoint mlflowTrackingServer notebookInstance
  scheduler: schedule
  securitylake: dataLake
  sesv2: multiRegionEndpoint
  sfn: stateMachine
  sns: platformApplication topic
  ssm: resourceDataSync
  ssmincidents: replicationSet
  storagegateway: gateway nfsFileShare smbFileShare
  transfer: connector server webApp
  vpclattice: service
`;

/** Settings, identities, bindings, and parts of a store that is judged itself. */
export const none = `
  accessanalyzer: analyzer archiveRule
  account: alternativeContact primaryContact region
  acm: certificateValidation
  acmpca: certificate certificateAuthority certificateAuthorityCertificate permission policy
  alb: listenerCertificate listenerRule targetGroupAttachment
  amp: alertManagerDefinition anomalyDetector queryLoggingConfiguration resourcePolicy ruleGroupNamespace scraper
  amp: scraperLoggingConfiguration workspaceConfiguration
  amplify: branch
  apigateway: account apiKey authorizer basePathMapping clientCertificate deployment documentationPart documentationVersion
  apigateway: domainNameAccessAssociation integration integrationResponse method methodResponse methodSettings model requestValidator
  apigateway: resource response restApiPolicy restApiPut stage usagePlan usagePlanKey vpcLink
  apigatewayv2: apiMapping authorizer deployment integration integrationResponse model route routeResponse routingRule stage vpcLink
  appautoscaling: policy scheduledAction target
  appconfig: application configurationProfile deployment deploymentStrategy environment eventIntegration extension extensionAssociation
  appconfig: hostedConfigurationVersion
  appflow: connectorProfile
  applicationinsights: application
  appmesh: gatewayRoute mesh route virtualGateway virtualNode virtualRouter virtualService
  apprunner: autoScalingConfigurationVersion connection customDomainAssociation defaultAutoScalingConfigurationVersion deployment
  apprunner: observabilityConfiguration vpcConnector vpcIngressConnection
  appsync: apiCache apiKey channelNamespace domainNameApiAssociation function resolver sourceApiAssociation type
  arcregionswitch: plan
  arczonalshift: autoshiftObserverNotificationStatus zonalAutoshiftConfiguration
  athena: capacityReservation database dataCatalog namedQuery preparedStatement
  auditmanager: accountRegistration assessment assessmentDelegation assessmentReport control framework frameworkShare
  auditmanager: organizationAdminAccountRegistration
  autoscaling: attachment group lifecycleHook notification policy schedule tag trafficSourceAttachment
  autoscalingplans: scalingPlan
  backup: framework globalSettings regionSettings reportPlan restoreTestingPlan restoreTestingSelection selection vaultLockConfiguration
  backup: vaultNotifications vaultPolicy
  batch: jobQueue schedulingPolicy
  bedrockmodel: invocationJob
  billing: view
  budgets: budget budgetAction
  cfg: aggregateAuthorization configurationAggregator conformancePack deliveryChannel organizationConformancePack
  cfg: organizationCustomPolicyRule organizationCustomRule organizationManagedRule recorder recorderStatus remediationConfiguration
  cfg: retentionConfiguration rule
  chatbot: slackChannelConfiguration teamsChannelConfiguration
  cloudfront: anycastIpList cachePolicy connectionFunction connectionGroup continuousDeploymentPolicy distributionTenant
  cloudfront: fieldLevelEncryptionConfig fieldLevelEncryptionProfile function keyGroup keyvaluestoreKey keyvaluestoreKeysExclusive
  cloudfront: monitoringSubscription originAccessControl originAccessIdentity originRequestPolicy publicKey realtimeLogConfig
  cloudfront: responseHeadersPolicy trustStore vpcOrigin
  cloudsearch: domainServiceAccessPolicy
  cloudtrail: organizationDelegatedAdminAccount
  cloudwatch: alarmMuteRule compositeAlarm contributorInsightRule contributorManagedInsightRule dashboard eventBusPolicy eventConnection
  cloudwatch: eventEndpoint eventPermission eventRule eventTarget internetMonitor logAccountPolicy logAnomalyDetector
  cloudwatch: logDataProtectionPolicy logDelivery logDeliveryDestination logDeliveryDestinationPolicy logDeliverySource
  cloudwatch: logDestinationPolicy logIndexPolicy logMetricFilter logResourcePolicy logS3TableIntegrationSource logStorageTierPolicy
  cloudwatch: logStream logTransformer metricAlarm otelEnrichment queryDefinition
  codeartifact: domain domainPermissions repositoryPermissionsPolicy
  codebuild: fleet project reportGroup resourcePolicy sourceCredential webhook
  codecommit: approvalRuleTemplate approvalRuleTemplateAssociation trigger
  codeconnections: connection host
  codedeploy: application deploymentConfig deploymentGroup
  codepipeline: customActionType pipeline webhook
  codestarconnections: connection host
  codestarnotifications: notificationRule
  cognito: identityPoolProviderPrincipalTag identityPoolRoleAttachment identityProvider logDeliveryConfiguration managedLoginBranding
  cognito: managedUserPoolClient resourceServer riskConfiguration user userGroup userInGroup userPoolClient userPoolUICustomization
  computeoptimizer: enrollmentStatus recommendationPreferences
  controltower: baseline controlTowerControl landingZone
  costexplorer: anomalyMonitor anomalySubscription costAllocationTag costCategory
  costoptimizationhub: enrollmentStatus preferences
  cur: reportDefinition
  datasync: agent
  dax: parameterGroup subnetGroup
  directconnect: bgpPeer connection connectionAssociation connectionConfirmation gateway gatewayAssociation gatewayAssociationProposal
  directconnect: hostedConnection hostedPrivateVirtualInterface hostedPrivateVirtualInterfaceAccepter hostedPublicVirtualInterface
  directconnect: hostedPublicVirtualInterfaceAccepter hostedTransitVirtualInterface hostedTransitVirtualInterfaceAcceptor
  directconnect: linkAggregationGroup macsecKeyAssociation privateVirtualInterface publicVirtualInterface transitVirtualInterface
  dms: certificate dataProvider eventSubscription instanceProfile migrationProject replicationSubnetGroup s3Endpoint
  docdb: clusterParameterGroup eventSubscription subnetGroup
  dsql: clusterPolicy
  dynamodb: contributorInsights globalSecondaryIndex resourcePolicy tableItem tag
  ebs: defaultKmsKey encryptionByDefault fastSnapshotRestore snapshotBlockPublicAccess
  ec2: allowedImagesSettings amiLaunchPermission availabilityZoneGroup capacityBlockReservation capacityReservation carrierGateway
  ec2: customerGateway dedicatedHost defaultCreditSpecification defaultNetworkAcl defaultRouteTable defaultSecurityGroup defaultSubnet
  ec2: defaultVpc defaultVpcDhcpOptions egressOnlyInternetGateway eip eipAssociation eipDomainName encryptionControl fleet
  ec2: imageBlockPublicAccess instanceMetadataDefaults internetGateway internetGatewayAttachment keyPair launchConfiguration
  ec2: localGatewayRoute localGatewayRouteTable localGatewayRouteTableVirtualInterfaceGroupAssociation
  ec2: localGatewayRouteTableVpcAssociation mainRouteTableAssociation managedPrefixList managedPrefixListEntry natGatewayEipAssociation
  ec2: networkAcl networkAclAssociation networkAclRule networkInsightsAccessScope networkInsightsAnalysis networkInsightsPath
  ec2: networkInterface networkInterfaceAttachment networkInterfacePermission networkInterfaceSecurityGroupAttachment
  ec2: peeringConnectionOptions placementGroup proxyProtocolPolicy route routeTable routeTableAssociation secondaryNetwork
  ec2: secondarySubnet securityGroup securityGroupAssociation securityGroupRule serialConsoleAccess snapshotCreateVolumePermission
  ec2: spotDatafeedSubscription spotFleetRequest subnetCidrReservation tag trafficMirrorFilter trafficMirrorFilterRule
  ec2: trafficMirrorSession trafficMirrorTarget volumeAttachment vpcBlockPublicAccessExclusion vpcBlockPublicAccessOptions
  ec2: vpcDhcpOptions vpcDhcpOptionsAssociation vpcEncryptionControl vpcEndpointConnectionAccepter vpcEndpointConnectionNotification
  ec2: vpcEndpointPolicy vpcEndpointRouteTableAssociation vpcEndpointService vpcEndpointServiceAllowedPrinciple
  ec2: vpcEndpointSubnetAssociation vpcIpam vpcIpamOrganizationAdminAccount vpcIpamPool vpcIpamPoolCidr vpcIpamPoolCidrAllocation
  ec2: vpcIpamPreviewNextCidr vpcIpamResourceDiscovery vpcIpamResourceDiscoveryAssociation vpcIpamScope vpcIpv4CidrBlockAssociation
  ec2: vpcIpv6CidrBlockAssociation vpcNetworkPerformanceMetricSubscription vpcPeeringConnectionAccepter vpcSecurityGroupRulesExclusive
  ec2: vpnConcentrator vpnConnectionRoute vpnGateway vpnGatewayAttachment vpnGatewayRoutePropagation
  ec2clientvpn: authorizationRule networkAssociation route
  ec2transitgateway: connect connectPeer defaultRouteTableAssociation defaultRouteTablePropagation instanceConnectEndpoint instanceState
  ec2transitgateway: meteringPolicy meteringPolicyEntry multicastDomain multicastDomainAssociation multicastGroupMember
  ec2transitgateway: multicastGroupSource peeringAttachmentAccepter policyTable policyTableAssociation policyTableEntry
  ec2transitgateway: prefixListReference route routeTable routeTableAssociation routeTablePropagation vpcAttachment
  ec2transitgateway: vpcAttachmentAccepter
  ecr: accountSetting lifecyclePolicy pullTimeUpdateExclusion registryPolicy registryScanningConfiguration repositoryCreationTemplate
  ecr: repositoryPolicy
  ecrpublic: repositoryPolicy
  ecs: accountSettingDefault capacityProvider clusterCapacityProviders daemon daemonTaskDefinition expressGatewayService tag taskSet
  efs: accessPoint backupPolicy fileSystemPolicy mountTarget
  eks: accessEntry accessPolicyAssociation addon capability identityProviderConfig podIdentityAssociation
  elasticache: parameterGroup reservedCacheNode subnetGroup user userGroup userGroupAssociation
  elasticbeanstalk: application applicationVersion configurationTemplate
  elasticsearch: domainPolicy domainSamlOptions vpcEndpoint
  elb: appCookieStickinessPolicy attachment listenerPolicy loadBalancerBackendServerPolicy loadBalancerCookieStickinessPolicy
  elb: loadBalancerPolicy sslNegotiationPolicy
  emr: blockPublicAccessConfiguration instanceFleet instanceGroup managedScalingPolicy securityConfiguration studio studioSessionMapping
  fis: experimentTemplate safetyLeverState targetAccountConfiguration
  fms: adminAccount policy resourceSet
  fsx: dataRepositoryAssociation ontapStorageVirtualMachine ontapVolume openZfsSnapshot openZfsVolume s3AccessPointAttachment
  glacier: vaultLock
  globalaccelerator: crossAccountAttachment customRoutingListener listener
  glue: resourcePolicy securityConfiguration
  grafana: licenseAssociation roleAssociation workspace workspaceApiKey workspaceSamlConfiguration workspaceServiceAccount workspaceServiceAccountToken
  guardduty: detector detectorFeature filter inviteAccepter iPSet malwareProtectionPlan member memberDetectorFeature
  guardduty: organizationAdminAccount organizationConfiguration organizationConfigurationFeature publishingDestination threatIntelSet
  iam: accessKey accountAlias accountPasswordPolicy group groupMembership groupPoliciesExclusive groupPolicy groupPolicyAttachment
  iam: groupPolicyAttachmentsExclusive instanceProfile openIdConnectProvider organizationsFeatures outboundWebIdentityFederation policy
  iam: policyAttachment role rolePoliciesExclusive rolePolicy rolePolicyAttachment rolePolicyAttachmentsExclusive samlProvider
  iam: securityTokenServicePreferences serverCertificate serviceLinkedRole serviceSpecificCredential signingCertificate sshKey user
  iam: userGroupMembership userLoginProfile userPoliciesExclusive userPolicy userPolicyAttachment userPolicyAttachmentsExclusive
  iam: virtualMfaDevice
  identitystore: group groupMembership user
  imagebuilder: component containerRecipe distributionConfiguration image imagePipeline imageRecipe infrastructureConfiguration
  imagebuilder: lifecyclePolicy workflow
  inspector: assessmentTarget assessmentTemplate resourceGroup
  inspector2: delegatedAdminAccount enabler filter memberAssociation organizationConfiguration
  invoicing: invoiceUnit
  kinesis: accountSettings resourcePolicy streamConsumer
  kinesisanalyticsv2: applicationSnapshot
  kms: alias ciphertext grant keyPolicy
  lakeformation: dataCellsFilter dataLakeSettings identityCenterConfiguration lfTag lfTagExpression optIn permissions resource
  lakeformation: resourceLfTag resourceLfTags
  lambda: alias capacityProvider codeSigningConfig coreNetworkConnector eventSourceMapping functionEventInvokeConfig
  lambda: functionRecursionConfig functionScalingConfig invocation layerVersion layerVersionPermission microvmsImage permission
  lambda: provisionedConcurrencyConfig resourcePolicy runtimeManagementConfig
  lb: listenerCertificate listenerRule targetGroupAttachment trustStore trustStoreRevocation
  licensemanager: association licenseConfiguration licenseGrant licenseGrantAccepter
    lightsail: bucketAccessKey containerServiceDeploymentVersion
  location: map placeIndex routeCalculation trackerAssociation
  macie: customDataIdentifier findingsFilter
  macie2: account classificationExportConfiguration classificationJob invitationAccepter member organizationAdminAccount
  macie2: organizationConfiguration
  mediastore: containerPolicy
  memorydb: acl parameterGroup subnetGroup user
  mq: configuration
  msk: channel clusterPolicy configuration scramSecretAssociation singleScramSecretAssociation topic vpcConnection
  mskconnect: customPlugin workerConfiguration
  neptune: clusterEndpoint clusterParameterGroup eventSubscription parameterGroup subnetGroup
  networkfirewall: containerAssociation firewall firewallPolicy firewallTransitGatewayAttachmentAccepter loggingConfiguration
  networkfirewall: resourcePolicy ruleGroup tlsInspectionConfiguration vpcEndpointAssociation
  networkflowmonitor: monitor scope
  networkmanager: attachmentAccepter attachmentRoutingPolicyLabel connectAttachment connection connectPeer coreNetwork
  networkmanager: coreNetworkPolicyAttachment customerGatewayAssociation device dxGatewayAttachment globalNetwork link linkAssociation
  networkmanager: prefixListAssociation site siteToSiteVpnAttachment transitGatewayConnectPeerAssociation transitGatewayPeering
  networkmanager: transitGatewayRegistration transitGatewayRouteTableAttachment vpcAttachment
  networkmonitor: monitor probe
  notifications: channelAssociation contactsEmailContact eventRule managedNotificationAccountContactAssociation
  notifications: managedNotificationAdditionalChannelAssociation notificationConfiguration notificationHub organizationalUnitAssociation
  notifications: organizationsAccess
  oam: link sink sinkPolicy
  observabilityadmin: s3TableIntegration telemetryEnrichment telemetryEvaluation telemetryEvaluationForOrganization telemetryPipeline
  observabilityadmin: telemetryRule telemetryRuleForOrganization
  opensearch: application authorizeVpcEndpointAccess domainPolicy domainSamlOptions inboundConnectionAccepter outboundConnection package
  opensearch: packageAssociation serverlessAccessPolicy serverlessCollectionGroup serverlessLifecyclePolicy serverlessSecurityConfig
  opensearch: serverlessSecurityPolicy serverlessVpcEndpoint vpcEndpoint
  opensearchingest: pipelineEndpoint resourcePolicy
  organizations: account awsServiceAccess delegatedAdministrator organization organizationalUnit policy policyAttachment resourcePolicy
  organizations: tag
  pinpoint: admChannel apnsChannel apnsVoipChannel baiduChannel emailChannel emailTemplate
  pinpoint: eventStream gcmChannel smsChannel smsvoicev2ConfigurationSet smsvoicev2EventDestination smsvoicev2Keyword
  pinpoint: smsvoicev2OptOutList smsvoicev2PhoneNumber smsvoicev2Pool smsvoicev2ResourcePolicy smsvoicev2SenderId
  qldb: stream
  ram: permission principalAssociation resourceAssociation resourceShare resourceShareAccepter resourceShareAssociationsExclusive
  ram: sharingWithOrganization
  rbin: rule
  rds: certificate clusterActivityStream clusterEndpoint clusterParameterGroup clusterRoleAssociation customDbEngineVersion
  rds: eventSubscription instanceDesiredState optionGroup parameterGroup proxyDefaultTargetGroup proxyEndpoint proxyTarget
  rds: reservedInstance roleAssociation subnetGroup
  redshift: authenticationProfile clusterIamRoles dataShareAuthorization dataShareConsumerAssociation endpointAccess
  redshift: endpointAuthorization eventSubscription hsmClientCertificate hsmConfiguration idcApplication logging namespaceRegistration
  redshift: parameterGroup partner resourcePolicy scheduledAction snapshotCopyGrant snapshotSchedule snapshotScheduleAssociation
  redshift: subnetGroup usageLimit
  redshiftserverless: customDomainAssociation endpointAccess resourcePolicy usageLimit
  rekognition: project streamProcessor
  resourceexplorer: index view
  resourcegroups: group resource
  rolesanywhere: profile trustAnchor
  route53: cidrCollection cidrLocation delegationSet healthCheck hostedZoneDnsSec keySigningKey profilesAssociation profilesProfile
  route53: profilesResourceAssociation queryLog record recordsExclusive resolverConfig resolverDnsSecConfig resolverFirewallConfig
  route53: resolverFirewallDomainList resolverFirewallRule resolverFirewallRuleGroup resolverFirewallRuleGroupAssociation
  route53: resolverQueryLogConfig resolverQueryLogConfigAssociation resolverRule resolverRuleAssociation trafficPolicy
  route53: trafficPolicyInstance vpcAssociationAuthorization zone zoneAssociation
  route53domains: delegationSignerRecord domain registeredDomain
  route53recoverycontrol: cluster controlPanel routingControl safetyRule
  route53recoveryreadiness: cell readinessCheck recoveryGroup resourceSet
  rum: appMonitor metricsDestination
  s3: accountPublicAccessBlock analyticsConfiguration bucketAbac bucketAcl bucketAclV2 bucketCorsConfiguration bucketCorsConfigurationV2
  s3: bucketIntelligentTieringConfiguration bucketLifecycleConfiguration bucketLifecycleConfigurationV2 bucketLogging bucketLoggingV2
  s3: bucketMetadataConfiguration bucketMetric bucketNotification bucketObject bucketObjectLockConfiguration
  s3: bucketObjectLockConfigurationV2 bucketObjectv2 bucketOwnershipControls bucketPolicy bucketPublicAccessBlock
  s3: bucketRequestPaymentConfiguration bucketRequestPaymentConfigurationV2 bucketServerSideEncryptionConfiguration
  s3: bucketServerSideEncryptionConfigurationV2 bucketVersioning bucketVersioningV2 bucketWebsiteConfiguration
  s3: bucketWebsiteConfigurationV2 filesAccessPoint filesFileSystemPolicy filesMountTarget filesSynchronizationConfiguration inventory
  s3: objectCopy vectorsIndex vectorsVectorBucketPolicy
  s3control: accessGrant accessGrantsInstance accessGrantsInstanceResourcePolicy accessGrantsLocation accessPointPolicy
  s3control: bucketLifecycleConfiguration bucketPolicy directoryBucketAccessPointScope multiRegionAccessPointPolicy
  s3control: multiRegionAccessPointRoutes objectLambdaAccessPointPolicy storageLensConfiguration
  s3outposts: endpoint
  s3tables: namespace table tableBucketPolicy tablePolicy
  sagemaker: model notebookInstanceLifecycleConfiguration
  savingsplans: savingsPlan
  scheduler: scheduleGroup
  schemas: discoverer registry registryPolicy schema
  secretsmanager: secretPolicy secretRotation secretVersion tag
  securityhub: account accountV2 actionTarget aggregatorV2 automationRule automationRuleV2 configurationPolicy
  securityhub: configurationPolicyAssociation connectorV2 featureV2 findingAggregator insight inviteAccepter member
  securityhub: organizationAdminAccount organizationConfiguration productSubscription standardsControl standardsControlAssociation
  securityhub: standardsSubscription
  securitylake: awsLogSource customLogSource subscriber subscriberNotification
  servicediscovery: httpNamespace instance privateDnsNamespace publicDnsNamespace service
  servicequotas: autoManagement serviceQuota template templateAssociation
  ses: activeReceiptRuleSet configurationSet domainDkim domainIdentity domainIdentityVerification emailIdentity eventDestination
  ses: identityNotificationTopic identityPolicy mailFrom receiptFilter receiptRule receiptRuleSet template
  sesv2: accountSuppressionAttributes accountVdmAttributes configurationSet configurationSetEventDestination dedicatedIpAssignment
  sesv2: dedicatedIpPool emailIdentity emailIdentityFeedbackAttributes emailIdentityMailFromAttributes emailIdentityPolicy tenant
  sesv2: tenantResourceAssociation
  sfn: activity alias
  shield: applicationLayerAutomaticResponse drtAccessLogBucketAssociation drtAccessRoleArnAssociation proactiveEngagement protection
  shield: protectionGroup protectionHealthCheckAssociation subscription
  signer: signingJob signingProfile signingProfilePermission
  sns: dataProtectionPolicy smsPreferences topicPolicy topicSubscription
  sqs: queuePolicy redriveAllowPolicy redrivePolicy
  ssm: activation association contactsRotation defaultPatchBaseline document maintenanceWindow maintenanceWindowTarget
  ssm: maintenanceWindowTask patchBaseline patchGroup quicksetupConfigurationManager serviceSetting
  ssmcontacts: contact contactChannel plan
  ssmincidents: responsePlan
  ssoadmin: accountAssignment application applicationAccessScope applicationAssignment applicationAssignmentConfiguration
  ssoadmin: customerManagedPolicyAttachment customerManagedPolicyAttachmentsExclusive instanceAccessControlAttributes
  ssoadmin: managedPolicyAttachment managedPolicyAttachmentsExclusive permissionsBoundaryAttachment permissionSet
  ssoadmin: permissionSetInlinePolicy region trustedTokenIssuer
  synthetics: canary group groupAssociation
  timestreamquery: scheduledQuery
  transfer: access agreement certificate hostKey profile sshKey tag user webAppCustomization workflow
  uxc: accountCustomizations
  verifiedaccess: endpoint group instance instanceLoggingConfiguration instanceTrustProviderAttachment trustProvider
  verifiedpermissions: identitySource policy policyStore policyTemplate schema
  vpc: endpointPrivateDns endpointServicePrivateDnsVerification routeServer routeServerEndpoint routeServerPeer routeServerPropagation routeServerVpcAssociation
  vpc: securityGroupEgressRule securityGroupIngressRule securityGroupVpcAssociation
  vpclattice: accessLogSubscription authPolicy domainVerification listener listenerRule resourceConfiguration resourceGateway
  vpclattice: resourcePolicy serviceNetwork serviceNetworkResourceAssociation serviceNetworkServiceAssociation serviceNetworkVpcAssociation targetGroup targetGroupAttachment
  waf: byteMatchSet geoMatchSet ipSet rateBasedRule regexMatchSet regexPatternSet rule ruleGroup sizeConstraintSet sqlInjectionMatchSet webAcl xssMatchSet
  wafregional: byteMatchSet geoMatchSet ipSet rateBasedRule regexMatchSet regexPatternSet rule ruleGroup sizeConstraintSet sqlInjectionMatchSet webAcl webAclAssociation xssMatchSet
  wafv2: apiKey ipSet regexPatternSet ruleGroup webAcl webAclAssociation webAclLoggingConfiguration webAclRule
  wafv2: webAclRuleGroupAssociation
  xray: encryptionConfig group indexingRule resourcePolicy samplingRule traceSegmentDestination
`;
