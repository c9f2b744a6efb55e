import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer } from "node:tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CertificateAuthority } from "../../../sandbox/runtimes/network/certificate-authority.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ca-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Shakes hands with a server that is `served`, as a client that wants `wanted` and trusts the authority. @throws what TLS refuses */
async function handshake(authority: CertificateAuthority, served: string, wanted: string): Promise<void> {
  const server = createServer({
    SNICallback: (_name, done) => void authority.contextFor(served).then((context) => done(null, context), done),
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect({
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    servername: wanted,
    ca: readFileSync(authority.certificateFile),
  });
  try {
    await once(socket, "secureConnect");
  } finally {
    socket.destroy();
    server.close();
  }
}

test("a host's certificate is good for that host", async () => {
  const authority = await CertificateAuthority.open(folder);
  await expect(handshake(authority, "eu.brand.example", "eu.brand.example")).resolves.toBeUndefined();
});

test("a host's certificate is good for no other", async () => {
  const authority = await CertificateAuthority.open(folder);
  await expect(handshake(authority, "eu.brand.example", "us.brand.example")).rejects.toThrow("does not match certificate's altnames");
});

test("a certificate of another authority is not trusted", async () => {
  const authority = await CertificateAuthority.open(folder);
  const other = await CertificateAuthority.open(join(folder, "other"));
  const impostor = Object.create(other, { certificateFile: { value: authority.certificateFile } }) as CertificateAuthority;
  impostor.contextFor = (host) => other.contextFor(host);
  await expect(handshake(impostor, "eu.brand.example", "eu.brand.example")).rejects.toThrow(/unable to verify|signature/i);
});

test("the authority is made once and kept: who trusted it goes on trusting", async () => {
  const first = await CertificateAuthority.open(folder);
  const text = readFileSync(first.certificateFile, "utf8");
  const again = await CertificateAuthority.open(folder);
  expect(readFileSync(again.certificateFile, "utf8")).toBe(text);
  await expect(handshake(again, "eu.brand.example", "eu.brand.example")).resolves.toBeUndefined();
});

test("nobody else on the machine can read its key", async () => {
  await CertificateAuthority.open(folder);
  expect(statSync(join(folder, "ca-key.pem")).mode & 0o777).toBe(0o600);
});
