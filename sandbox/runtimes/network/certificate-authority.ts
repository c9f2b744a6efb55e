// The sandbox's own certificate authority. Its key never leaves the state folder and nothing but the sandbox trusts it.
import { X509Certificate as NodeCertificate, type webcrypto } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import "reflect-metadata"; // @peculiar/x509 builds its registry with it.
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day = 86_400_000;

const pem = (kind: string, bytes: ArrayBuffer) =>
  `-----BEGIN ${kind}-----\n${(
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? []
  ).join("\n")}\n-----END ${kind}-----\n`;

export class CertificateAuthority {
  /** Path of the certificate, for `NODE_EXTRA_CA_CERTS` and `SSL_CERT_FILE`. */
  readonly certificateFile: string;
  readonly #certificate: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;
  readonly #contexts = new Map<string, Promise<SecureContext>>();

  private constructor(certificateFile: string, certificate: x509.X509Certificate, key: webcrypto.CryptoKey) {
    this.certificateFile = certificateFile;
    this.#certificate = certificate;
    this.#key = key;
  }

  /** Opens the authority kept in `dir`, or makes one there. One that ends within a month is made anew. */
  static async open(dir: string): Promise<CertificateAuthority> {
    x509.cryptoProvider.set(crypto);
    const certificateFile = join(dir, "ca.pem");
    const keyFile = join(dir, "ca-key.pem");
    if (existsSync(certificateFile) && existsSync(keyFile)) {
      const text = readFileSync(certificateFile, "utf8");
      if (new Date(new NodeCertificate(text).validTo).getTime() > Date.now() + 30 * day) {
        const der = Buffer.from(readFileSync(keyFile, "utf8").replace(/-----[^-]+-----|\s/g, ""), "base64");
        const key = await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
        return new CertificateAuthority(certificateFile, new x509.X509Certificate(text), key);
      }
    }
    const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: "CN=Embedded cloud (this machine only)",
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 3650 * day),
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeFileSync(keyFile, pem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", keys.privateKey)), { mode: 0o600 });
    writeFileSync(certificateFile, `${certificate.toString("pem")}\n`);
    return new CertificateAuthority(certificateFile, certificate, keys.privateKey);
  }

  /** What a TLS server needs to be `host`. Made once a host. */
  contextFor(host: string): Promise<SecureContext> {
    let context = this.#contexts.get(host);
    if (!context) {
      context = this.#issue(host);
      this.#contexts.set(host, context);
    }
    return context;
  }

  async #issue(host: string): Promise<SecureContext> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${host.slice(0, 64)}`,
      issuer: this.#certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 90 * day),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: "dns", value: host }]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate.publicKey),
      ],
    });
    return createSecureContext({
      key: pem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", keys.privateKey)),
      cert: certificate.toString("pem"),
    });
  }
}
