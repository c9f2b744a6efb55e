import { tlsFloor } from "../../../../policies/rules/encryption/tls-floor.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify, specifyRemedy } from "../../specify.ts";

const listener = (sslPolicy: string | null, type = "aws:lb/listener:Listener") => ({
  type,
  props: { port: 443, protocol: "HTTPS", sslPolicy },
});
const distribution = (viewerCertificate: { readonly [key: string]: boolean | string }) => ({
  type: "aws:cloudfront/distribution:Distribution",
  props: { viewerCertificate },
});
const setting = (value: string, settingId = "min_tls_version") => ({
  type: "cloudflare:index/zoneSetting:ZoneSetting",
  name: "setting",
  props: { zoneId: "z", settingId, value },
});
const sslPolicy = "gcp:compute/regionSslPolicy:RegionSslPolicy";
const zone = { type: "cloudflare:index/zone:Zone", name: "zone", props: { id: "z" } };
const old = "older than TLS 1.2";
const classic = (name: string, value: string) => ({
  type: "aws:elb/sslNegotiationPolicy:SslNegotiationPolicy",
  props: { attributes: [{ name, value }] },
});

specify(tlsFloor, {
  passes: [
    ["a listener", listener("ELBSecurityPolicy-TLS13-1-2-2021-06")],
    ["a listener with forward secrecy", listener("ELBSecurityPolicy-FS-1-2-Res-2020-10", "aws:alb/listener:Listener")],
    ["a listener for 1.3 alone", listener("ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04")],
    ["a listener that speaks no TLS", { type: "aws:lb/listener:Listener", props: { protocol: "HTTP", port: 80 } }],
    ["a distribution", distribution({ acmCertificateArn: "c", minimumProtocolVersion: "TLSv1.2_2021" })],
    ["an API's domain", { type: "aws:apigateway/domainName:DomainName", props: { securityPolicy: "SecurityPolicy_TLS13_1_3_2025_09" } }],
    ["a policy of Google's", { type: sslPolicy, props: { minTlsVersion: "TLS_1_3" } }],
    ["a proxy with a policy", { type: "gcp:compute/targetHttpsProxy:TargetHttpsProxy", props: { sslPolicy: UNKNOWN } }],
    ["a zone with its setting", [zone, setting("1.2")]],
    ["another setting", setting("off", "always_online")],
    ["a bucket's domain", { type: "cloudflare:index/r2CustomDomain:R2CustomDomain", props: { minTls: "1.3" } }],
    ["a customer's hostname without TLS of its own", { type: "cloudflare:index/customHostname:CustomHostname", props: { hostname: "h" } }],
    ["a classic balancer", classic("Protocol-TLSv1.2", "true")],
    [
      "a database",
      { type: "aws:rds/parameterGroup:ParameterGroup", props: { parameters: [{ name: "tls_version", value: "TLSv1.2,TLSv1.3" }] } },
    ],
  ],
  refused: [
    ["the listener's default", listener(null), "sslPolicy is not set, which means ELBSecurityPolicy-2016-08"],
    ["a listener's policy for 1.0", listener("ELBSecurityPolicy-TLS13-1-0-2021-06"), old],
    ["a listener's policy for 1.1", listener("ELBSecurityPolicy-FS-1-1-2019-08"), old],
    ["a listener's policy that names no version", listener("ELBSecurityPolicy-FS-2018-06"), old],
    ["a distribution's default", distribution({ acmCertificateArn: "c" }), "minimumProtocolVersion is not set, which means TLSv1"],
    ["a distribution", distribution({ minimumProtocolVersion: "TLSv1.1_2016" }), old],
    [
      "a distribution with CloudFront's certificate",
      distribution({ cloudfrontDefaultCertificate: true, minimumProtocolVersion: "TLSv1.2_2021" }),
      "speaks TLS 1.0",
    ],
    [
      "an origin",
      {
        type: "aws:cloudfront/distribution:Distribution",
        props: {
          viewerCertificate: { minimumProtocolVersion: "TLSv1.2_2021" },
          origins: [{ customOriginConfig: { originSslProtocols: ["TLSv1.1", "TLSv1.2"] } }],
        },
      },
      "originSslProtocols[0]",
    ],
    [
      "an API's domain",
      { type: "aws:apigatewayv2/domainName:DomainName", props: { domainNameConfiguration: { securityPolicy: "TLS_1_0" } } },
      old,
    ],
    [
      "a search domain",
      { type: "aws:opensearch/domain:Domain", props: { domainEndpointOptions: { tlsSecurityPolicy: "Policy-Min-TLS-1-0-2019-07" } } },
      old,
    ],
    ["the default of a policy of Google's", { type: sslPolicy }, "minTlsVersion is not set, which means TLS_1_0"],
    [
      "a proxy without a policy",
      { type: "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy" },
      "sslPolicy is not set, which means TLS 1.0",
    ],
    ["a zone's setting", setting("1.1"), old],
    ["a zone without a setting", zone, "no setting of the zone names a minimum"],
    [
      "a hostname's setting",
      { type: "cloudflare:index/hostnameTlsSetting:HostnameTlsSetting", props: { settingId: "min_tls_version", value: "1.0" } },
      old,
    ],
    ["a bucket's domain, by default", { type: "cloudflare:index/r2CustomDomain:R2CustomDomain" }, "minTls is not set, which means 1.0"],
    ["a classic balancer", classic("Protocol-TLSv1", "true"), old],
    ["a classic balancer's policy", classic("Reference-Security-Policy", "ELBSecurityPolicy-2016-08"), old],
    [
      "a database",
      { type: "aws:rds/parameterGroup:ParameterGroup", props: { parameters: [{ name: "ssl_min_protocol_version", value: "TLSv1" }] } },
      "ssl_min_protocol_version is TLSv1",
    ],
  ],
  undecided: [["a version", { type: sslPolicy, props: { minTlsVersion: UNKNOWN } }, "minTlsVersion"]],
  silent: "aws:lb/targetGroup:TargetGroup",
});

specifyRemedy(tlsFloor, listener("ELBSecurityPolicy-2016-08"), { port: 443, sslPolicy: "ELBSecurityPolicy-TLS13-1-2-2021-06" }, [
  listener("ELBSecurityPolicy-TLS13-1-3-2021-06"),
  { type: "aws:lb/listener:Listener", props: { protocol: "HTTP" } },
  { type: sslPolicy, props: { minTlsVersion: UNKNOWN } },
  distribution({ cloudfrontDefaultCertificate: true }),
  setting("off", "always_online"),
]);
specifyRemedy(
  tlsFloor,
  distribution({ acmCertificateArn: "c" }),
  { viewerCertificate: { acmCertificateArn: "c", minimumProtocolVersion: "TLSv1.2_2021" } },
  [],
);
specifyRemedy(tlsFloor, setting("1.0"), { settingId: "min_tls_version", value: "1.2" }, []);
specifyRemedy(tlsFloor, { type: sslPolicy, props: { profile: "MODERN" } }, { profile: "MODERN", minTlsVersion: "TLS_1_2" }, []);
