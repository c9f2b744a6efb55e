// How data is kept from those who may not read it.
import type { Rule } from "../../rule.ts";
import { atRest } from "./at-rest.ts";
import { bucketTlsOnly } from "./bucket-tls-only.ts";
import { disk } from "./disk.ts";
import { keyRotation } from "./key-rotation.ts";
import { messages } from "./messages.ts";
import { ownKey } from "./own-key.ts";
import { plainListener } from "./plain-listener.ts";
import { plaintextSecretName } from "./plaintext-secret-name.ts";
import { plaintextSecretShape } from "./plaintext-secret-shape.ts";
import { secretInOutput } from "./secret-in-output.ts";
import { secretInUserData } from "./secret-in-user-data.ts";
import { tlsFloor } from "./tls-floor.ts";
import { transport } from "./transport.ts";

export const encryptionRules: readonly Rule[] = [
  ownKey,
  keyRotation,
  atRest,
  disk,
  messages,
  tlsFloor,
  plainListener,
  transport,
  bucketTlsOnly,
  plaintextSecretName,
  plaintextSecretShape,
  secretInUserData,
  secretInOutput,
];
