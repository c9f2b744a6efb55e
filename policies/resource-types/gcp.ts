// What each type of @pulumi/gcp holds. `module: type type` a line, as in aws.ts.

/** Data rests in it. */
export const stores = `
  alloydb: backup cluster
  artifactregistry: repository
  backupdisasterrecovery: backupVault
  bigquery: dataset
  bigtable: instance
  compute: disk image instantSnapshot regionDisk regionInstantSnapshot snapshot
  dataproc: metastoreService
  filestore: backup instance snapshot
  firebase: databaseInstance
  firestore: database
  gkebackup: backupPlan
  healthcare: dataset
  logging: billingAccountBucketConfig folderBucketConfig organizationBucketConfig projectBucketConfig
  lustre: instance
  managedkafka: cluster
  memcache: instance
  memorystore: instance
  netapp: backup volume volumeSnapshot
  oracledatabase: autonomousDatabase dbSystem
  parallelstore: instance
  parametermanager: parameter regionalParameter
  pubsub: liteTopic topic
  redis: cluster instance
  secretmanager: regionalSecret secret
  spanner: instance
  sql: databaseInstance
  storage: bucket
  vectorsearch: collection
  vertex: aiDataset aiFeatureOnlineStore aiFeatureStore aiIndex
`;

/** Data passes through it, or it is a key, a network or a job that reaches data. */
export const carries = `
  alloydb: instance
  apigateway: gateway
  apigee: instance organization
  appengine: application flexibleAppVersion standardAppVersion
  backupdisasterrecovery: backupPlan managementServer
  biglake: icebergCatalog
  bigquery: connection dataTransferConfig job reservation
  cloudfunctions: function
  cloudfunctionsv2: function
  cloudrun: service
  cloudrunv2: job service workerPool
  cloudscheduler: job
  cloudtasks: queue
  composer: environment
  compute: address backendBucket backendService diskAsyncReplication forwardingRule globalForwardingRule haVpnGateway instance
  compute: instanceFromMachineImage instanceFromTemplate instanceGroupManager instanceTemplate interconnectAttachment machineImage
  compute: regionBackendBucket regionBackendService regionInstanceGroupManager regionInstanceTemplate regionNetworkEndpointGroup
  compute: regionSecurityPolicy regionSslPolicy regionTargetHttpProxy regionTargetHttpsProxy regionTargetTcpProxy regionUrlMap
  compute: resourcePolicy router routerNat snapshotSettings storagePool subnetwork vPNGateway vPNTunnel
  container: cluster nodePool
  databasemigrationservice: connectionProfile migrationJob
  dataflow: flexTemplateJob job pipeline
  datafusion: instance
  dataproc: batch cluster job
  datastream: connectionProfile stream
  diagflow: agent cxAgent
  discoveryengine: chatEngine dataStore searchEngine
  essentialcontacts: documentAiProcessor
  eventarc: channel messageBus pipeline trigger
  firebase: appHostingBackend dataConnectService
  identityplatform: config
  integrationconnectors: connection
  kms: cryptoKey keyRing
  logging: folderSettings organizationSettings
  looker: instance
  managedkafka: connectCluster
  netapp: backupVault storagePool volumeReplication
  networkservices: edgeCacheService gateway
  notebooks: instance runtime
  pubsub: subscription
  spanner: instanceConfig instancePartition
  storage: anywhereCache transferJob
  tpu: v2Vm
  vertex: aiEndpoint aiReasoningEngine
  vmwareengine: privateCloud
  vpcaccess: connector
  workbench: instance
  workflows: workflow
  workstations: workstation workstationCluster workstationConfig
`;

/** Settings, identities, bindings, and parts of a store that is judged itself. */
export const none = `
  accesscontextmanager: accessLevel accessLevelCondition accessLevels accessPolicy authorizedOrgsDesc egressPolicy gcpUserAccessBinding
  accesscontextmanager: ingressPolicy servicePerimeter servicePerimeterDryRunEgressPolicy servicePerimeterDryRunIngressPolicy
  accesscontextmanager: servicePerimeterDryRunResource servicePerimeterEgressPolicy servicePerimeterIngressPolicy
  accesscontextmanager: servicePerimeterResource servicePerimeters
  alloydb: user
  apigateway: api apiConfig
  apigee: addonsConfig api apiDeployment apiProduct appGroup controlPlaneAccess dataCollector datastore developer developerApp dnsZone
  apigee: endpointAttachment envGroup envGroupAttachment environment environmentAddonsConfig environmentApiRevisionDeployment
  apigee: environmentDebugmask environmentKeyvaluemaps environmentKeyvaluemapsEntries envKeystore envReferences flowhook
  apigee: instanceAttachment keystoresAliasesKeyCertFile keystoresAliasesPkcs12 keystoresAliasesSelfSignedCert natAddress securityAction
  apigee: securityFeedback securityMonitoringCondition securityProfileV2 sharedflow sharedflowDeployment space syncAuthorization
  apigee: targetServer
  appengine: applicationUrlDispatchRules domainMapping engineSplitTraffic firewallRule serviceNetworkSettings
  artifactregistry: projectConfig rule vpcscConfig
  assuredworkloads: workload
  backupdisasterrecovery: backupPlanAssociation restoreWorkload serviceConfig
  beyondcorp: appConnection appConnector appGateway securityGateway securityGatewayApplication
  biglake: catalog database hiveCatalog hiveDatabase hiveTable icebergNamespace icebergTable table
  bigquery: appProfile biReservation capacityCommitment datapolicyv2DataPolicy datasetAccess iamBinding iamMember iamPolicy
  bigquery: reservationAssignment reservationGroup routine rowAccessPolicy table
  bigquerydatapolicy: dataPolicy
  bigtable: appProfile authorizedView gCPolicy logicalView materializedView schemaBundle table
  billing: budget projectInfo subAccount
  binaryauthorization: attestor policy
  certificateauthority: authority caPool certificate certificateTemplate
  certificatemanager: certificate certificateIssuanceConfig certificateMap certificateMapEntry dnsAuthorization trustConfig
  cloudasset: folderFeed organizationFeed projectFeed
  cloudbuild: bitbucketServerConfig trigger workerPool
  cloudbuildv2: connection repository
  clouddeploy: automation customTargetType deliveryPipeline deployPolicy target
  clouddomains: registration
  cloudidentity: group groupMembership policy
  cloudids: endpoint
  cloudquota: sQuotaAdjusterSettings sQuotaPreference
  cloudrun: domainMapping iamBinding iamMember iamPolicy
  cloudsupport: supportEventSubscription
  composer: userWorkloadsConfigMap userWorkloadsSecret
  compute: attachedDisk autoscaler backendBucketSignedUrlKey backendServiceSignedUrlKey bulkPerInstanceConfig caExternalAccountKey
  compute: crossSiteNetwork diskResourcePolicyAttachment externalVpnGateway firewall firewallPolicy firewallPolicyAssociation
  compute: firewallPolicyRule firewallPolicyWithRules futureReservation globalAddress globalNetworkEndpoint globalNetworkEndpointGroup
  compute: globalVmExtensionPolicy healthCheck httpHealthCheck httpsHealthCheck instanceGroup instanceGroupMembership
  compute: instanceGroupNamedPort instanceSettings interconnect interconnectAttachmentGroup interconnectGroup managedSslCertificate
  compute: mangedSslCertificate network networkAttachment networkEdgeSecurityService networkEndpoint networkEndpointGroup
  compute: networkEndpointList networkFirewallPolicy networkFirewallPolicyAssociation networkFirewallPolicyPacketMirroringRule
  compute: networkFirewallPolicyRule networkFirewallPolicyWithRules networkPeering networkPeeringRoutesConfig nodeGroup nodeTemplate
  compute: organizationSecurityPolicy organizationSecurityPolicyAssociation organizationSecurityPolicyRule packetMirroring
  compute: perInstanceConfig previewFeature projectCloudArmorTier projectDefaultNetworkTier projectMetadata projectMetadataItem
  compute: publicAdvertisedPrefix publicDelegatedPrefix regionAutoscaler regionCommitment regionCompositeHealthCheck
  compute: regionDiskResourcePolicyAttachment regionHealthAggregationPolicy regionHealthCheck regionHealthSource regionNetworkEndpoint
  compute: regionNetworkFirewallPolicy regionNetworkFirewallPolicyAssociation regionNetworkFirewallPolicyRule
  compute: regionNetworkFirewallPolicyWithRules regionNetworkPolicy regionNetworkPolicyTrafficClassificationRule regionPerInstanceConfig
  compute: regionResizeRequest regionSecurityPolicyRule regionSslCertificate reservation resizeRequest resourcePolicyAttachment
  compute: rolloutPlan route routerInterface routerNamedSet routerNatAddress routerPeer routerRoutePolicy securityPolicy
  compute: securityPolicyRule securityScanConfig serviceAttachment sharedVPCHostProject sharedVPCServiceProject sSLCertificate sSLPolicy
  compute: targetGrpcProxy targetHttpProxy targetHttpsProxy targetInstance targetPool targetSSLProxy targetTCPProxy uRLMap wireGroup
  compute: zoneVmExtensionPolicy
  container: attachedCluster awsCluster awsNodePool azureClient azureCluster azureNodePool registry
  containeranalysis: note occurence
  databasemigrationservice: privateConnection
  datacatalog: entry entryGroup policyTag tag tagTemplate taxonomy
  datalineage: config
  dataloss: preventionDeidentifyTemplate preventionDiscoveryConfig preventionInspectTemplate preventionJobTrigger
  dataloss: preventionStoredInfoType
  dataproc: autoscalingPolicy gdcApplicationEnvironment gdcServiceInstance gdcSparkApplication metastoreFederation sessionTemplate
  dataproc: workflowTemplate
  datastream: privateConnection
  dns: managedZone policy recordSet responsePolicy responsePolicyRule
  documentai: schema
  endpoints: service
  essentialcontacts: contact documentAiProcessorDefaultVersion documentAiWarehouseDocumentSchema documentAiWarehouseLocation
  eventarc: enrollment googleApiSource googleChannelConfig
  firebase: aiLogicConfig aiLogicPromptTemplate aiLogicPromptTemplateLock androidApp appCheckAppAttestConfig appCheckDebugToken
  firebase: appCheckDeviceCheckConfig appCheckPlayIntegrityConfig appCheckRecaptchaEnterpriseConfig appCheckRecaptchaV3Config
  firebase: appCheckResourcePolicy appCheckServiceConfig appHostingBuild appHostingDefaultDomain appHostingDomain appHostingTraffic
  firebase: appleApp extensionsInstance hostingChannel hostingCustomDomain hostingRelease hostingSite hostingVersion project
  firebase: remoteConfigRemoteConfig storageBucket storageDefaultBucket webApp
  firebaserules: release ruleset
  firestore: backupSchedule changeStream document field index userCreds
  folder: accessApprovalSettings iamAuditConfig organizationPolicy serviceIdentity
  gemini: codeRepositoryIndex codeToolsSetting codeToolsSettingBinding dataSharingWithGoogleSetting dataSharingWithGoogleSettingBinding
  gemini: geminiGcpEnablementSetting geminiGcpEnablementSettingBinding loggingSetting loggingSettingBinding releaseChannelSetting
  gemini: releaseChannelSettingBinding repositoryGroup
  gkebackup: backupChannel restoreChannel restorePlan
  gkehub: feature featureMembership fleet membership membershipBinding membershipRbacRoleBinding namespace rolloutSequence scope
  gkehub: scopeRbacRoleBinding
  iam: accessBoundaryPolicy denyPolicy folderAccessPolicy foldersPolicyBinding oauthClient oauthClientCredential
  iam: organizationAccessPolicy organizationsPolicyBinding principalAccessBoundaryPolicy projectAccessPolicy projectsPolicyBinding
  iam: workforcePool workforcePoolProvider workforcePoolProviderKey workforcePoolProviderScimTenant workforcePoolProviderScimToken
  iam: workloadIdentityPool workloadIdentityPoolManagedIdentity workloadIdentityPoolNamespace workloadIdentityPoolProvider
  iam: workloadIdentityServiceAgent
  iap: brand client settings tunnelDestGroup
  identityplatform: defaultSupportedIdpConfig inboundSamlConfig oauthIdpConfig tenant tenantDefaultSupportedIdpConfig
  identityplatform: tenantInboundSamlConfig tenantOauthIdpConfig
  integrationconnectors: endpointAttachment managedZone
  kms: autokeyConfig cryptoKeyVersion ekmConnection folderKajPolicyConfig keyHandle keyRingImportJob organizationKajPolicyConfig
  kms: projectAutokeyConfig projectKajPolicyConfig secretCiphertext
  licensemanager: configuration
  logging: billingAccountExclusion billingAccountSink folderExclusion folderSink linkedDataset logScope logView metric
  logging: organizationExclusion organizationSink projectExclusion projectSink savedQuery
  managedkafka: acl connector topic
  memorystore: aclPolicy instanceDesiredUserCreatedEndpoints
  ml: engineModel
  modelarmor: floorsetting template
  monitoring: alertPolicy customService dashboard genericService group metricDescriptor monitoredProject notificationChannel slo
  monitoring: uptimeCheckConfig
  netapp: activeDirectory backupPolicy hostGroup kmsconfig volumeQuotaRule
  networkconnectivity: destination gatewayAdvertisedRoute group hub internalRange multicloudDataTransferConfig policyBasedRoute
  networkconnectivity: regionalEndpoint serviceConnectionPolicy spoke transport
  networkmanagement: connectivityTest organizationVpcFlowLogsConfig vpcFlowLogsConfig
  networksecurity: addressGroup authorizationPolicy authzPolicy backendAuthenticationConfig clientTlsPolicy dnsThreatDetector
  networksecurity: firewallEndpoint firewallEndpointAssociation gatewaySecurityPolicy gatewaySecurityPolicyRule interceptDeployment
  networksecurity: interceptDeploymentGroup interceptEndpointGroup interceptEndpointGroupAssociation mirroringDeployment
  networksecurity: mirroringDeploymentGroup mirroringEndpoint mirroringEndpointGroup mirroringEndpointGroupAssociation sacAttachment
  networksecurity: sacRealm securityProfile securityProfileGroup serverTlsPolicy tlsInspectionPolicy ullMirroringCollector
  networksecurity: ullMirroringCollectorRule ullMirroringEngine urlList
  networkservices: agentGateway authzExtension edgeCacheKeyset edgeCacheOrigin endpointPolicy grpcRoute httpRoute lbEdgeExtension
  networkservices: lbRouteExtension lbTrafficExtension mesh multicastConsumerAssociation multicastDomain multicastDomainActivation
  networkservices: multicastDomainGroup multicastGroupConsumerActivation multicastGroupProducerActivation multicastGroupRange
  networkservices: multicastGroupRangeActivation multicastProducerAssociation serviceBinding serviceLbPolicies tcpRoute tlsRoute
  networkservices: wasmPlugin
  notebooks: environment
  observability: folderSettings organizationSettings projectSettings traceScope
  organizations: accessApprovalSettings folder iamAuditConfig iAMCustomRole policy project serviceIdentity
  orgpolicy: customConstraint policy
  osconfig: guestPolicies osPolicyAssignment patchDeployment v2PolicyOrchestrator v2PolicyOrchestratorForFolder
  osconfig: v2PolicyOrchestratorForOrganization
  oslogin: sshPublicKey
  parametermanager: parameterVersion regionalParameterVersion
  privilegedaccessmanager: settings
  projects: accessApprovalSettings apiKey defaultServiceAccounts iAMAuditConfig iAMCustomRole iamMemberRemove organizationPolicy service
  projects: serviceIdentity usageExportBucket
  pubsub: liteReservation liteSubscription schema
  recaptcha: enterpriseKey
  redis: clusterAclPolicy clusterUserCreatedConnections
  resourcemanager: capability lien
  secretmanager: regionalSecretVersion secretVersion
  securitycenter: eventThreatDetectionCustomModule folderCustomModule folderNotificationConfig folderSccBigQueryExport
  securitycenter: managementFolderSecurityHealthAnalyticsCustomModule managementOrganizationEventThreatDetectionCustomModule
  securitycenter: managementOrganizationSecurityHealthAnalyticsCustomModule managementProjectSecurityHealthAnalyticsCustomModule
  securitycenter: muteConfig notificationConfig organizationCustomModule organizationSccBigQueryExport projectCustomModule
  securitycenter: projectNotificationConfig projectSccBigQueryExport source v2FolderMuteConfig v2FolderNotificationConfig
  securitycenter: v2FolderSccBigQueryExport v2OrganizationMuteConfig v2OrganizationNotificationConfig v2OrganizationSccBigQueryExport
  securitycenter: v2OrganizationSccBigQueryExports v2OrganizationSource v2ProjectMuteConfig v2ProjectNotificationConfig
  securitycenter: v2ProjectSccBigQueryExport
  securityposture: posture postureDeployment
  serviceaccount: account key
  servicedirectory: endpoint namespace service
  servicenetworking: connection peeredDnsDomain vpcServiceControls
  serviceusage: consumerQuotaOverride
  siteverification: owner webResource
  sourcerepo: repository
  spanner: backupSchedule database
  sql: database provisionScript sourceRepresentationInstance sslCert user
  storage: batchOperationsJob bucketAccessControl bucketACL bucketObject controlFolderIntelligenceConfig
  storage: controlOrganizationIntelligenceConfig controlProjectIntelligenceConfig defaultObjectAccessControl defaultObjectACL folder
  storage: hmacKey insightsDatasetConfig insightsReportConfig managedFolder notification objectAccessControl objectACL transferAgentPool
  tags: locationTagBinding tagBinding tagBindingCollection tagKey tagValue
`;
