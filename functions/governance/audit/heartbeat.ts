// What a log without events says: that it is alive. An entry like any other, of an event that is nobody's.
import { commitmentTo, noSalt } from "./leaf.ts";

/** Nobody: the nil UUID (RFC 9562 section 5.9). */
const nobody = "00000000-0000-0000-0000-000000000000";

/** It keeps nothing secret, so that anybody who is shown it can see that the entry is no person's. */
export const heartbeatSalt = noSalt;

export interface Heartbeat {
  readonly id: string;
  readonly subject: string;
  readonly receivedAt: string;
  readonly heartbeat: true;
}

export const heartbeatOf = (id: string, at: Date): Heartbeat => ({ id, subject: nobody, receivedAt: at.toISOString(), heartbeat: true });

export const heartbeatCommitment = (heartbeat: Heartbeat): Buffer => commitmentTo(heartbeatSalt, heartbeat);
