import { describe, expect, test } from "vitest";
import { readSignature, type Signature, sign, signedAt, validUntil, verifies } from "../../../sandbox/runtimes/s3/sigv4.ts";

// The worked examples of docs.aws.amazon.com/AmazonS3/latest/API: sig-v4-header-based-auth.html and sigv4-query-string-auth.html
const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const read = (url: URL, headers = new Headers()) => readSignature(url, headers) as Signature;

describe("a signature in the header", () => {
  const url = new URL("https://examplebucket.s3.amazonaws.com/test.txt");
  const headers = new Headers({
    range: "bytes=0-9",
    "x-amz-content-sha256": emptyHash,
    "x-amz-date": "20130524T000000Z",
    authorization:
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  });

  test("is read and verified", () => {
    const signature = read(url, headers);
    expect(signature).toMatchObject({ accessKeyId: "AKIAIOSFODNN7EXAMPLE", region: "us-east-1", payload: emptyHash });
    expect(verifies(signature, secret, "GET", url, headers)).toBe(true);
    expect(new Date(signedAt(signature)).toISOString()).toBe("2013-05-24T00:00:00.000Z");
    expect(validUntil(signature) - signedAt(signature)).toBe(15 * 60_000);
  });

  test.each<[string, () => boolean]>([
    ["another method", () => verifies(read(url, headers), secret, "PUT", url, headers)],
    ["another object", () => verifies(read(url, headers), secret, "GET", new URL("/other.txt", url), headers)],
    ["another host", () => verifies(read(url, headers), secret, "GET", new URL("https://other.s3.amazonaws.com/test.txt"), headers)],
    ["another query", () => verifies(read(url, headers), secret, "GET", new URL("?acl", url), headers)],
    ["another secret", () => verifies(read(url, headers), `${secret}x`, "GET", url, headers)],
    [
      "another value of a signed header",
      () => {
        const changed = new Headers(headers);
        changed.set("range", "bytes=0-99");
        return verifies(read(url, changed), secret, "GET", url, changed);
      },
    ],
  ])("does not hold for %s", (_what, verdict) => {
    expect(verdict()).toBe(false);
  });
});

test("a presigned URL is read and verified, and ends when it says", () => {
  const url = new URL(
    "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
  );
  const signature = read(url);
  expect(verifies(signature, secret, "GET", url, new Headers())).toBe(true);
  expect(validUntil(signature) - signedAt(signature)).toBe(86_400_000);
  url.searchParams.set("X-Amz-Expires", "99999");
  expect(verifies(read(url), secret, "GET", url, new Headers())).toBe(false);
});

test("what is signed here is verified here, whatever is in its name", () => {
  const url = new URL("http://h/bucket/a%20b%2Bc/%C3%BC!'()*?prefix=x%2Fy&delimiter=%2F&versions=");
  const headers = new Headers({ "x-amz-meta-a": "  two   spaces " });
  sign({ method: "GET", url, headers, payload: "UNSIGNED-PAYLOAD" }, { accessKeyId: "AKID", secret, region: "eu-central-1" });
  expect(verifies(read(url, headers), secret, "GET", url, headers)).toBe(true);
});

test("a request without a signature, or with half of one, is anonymous", () => {
  const url = new URL("https://b.s3.eu-central-1.amazonaws.com/k");
  for (const authorization of ["", "Basic eDp5", "AWS4-HMAC-SHA256 Credential=AKID/20130524/us-east-1/s3"]) {
    expect(readSignature(url, new Headers({ authorization }))).toBeUndefined();
  }
});
