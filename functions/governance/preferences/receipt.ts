// What a person gets of an event to keep: a consent receipt after ISO/IEC TS 27560:2023 in the terms of the Data Privacy Vocabulary
// (w3id.org/dpv/guides/consent-27560). Made of the event alone, so that the same event has the same bytes for ever.
import { canonicalJson } from "../../shared/canonical-json.ts";
import type { Purpose, RecordedState } from "../../shared/consent.ts";
import type { ConsentEvent } from "./ledger/consent-event.ts";

export const receiptType = "application/ld+json";

const context = {
  dct: "http://purl.org/dc/terms/",
  dpv: "https://w3id.org/dpv#",
  "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
  loc: "https://w3id.org/dpv/loc#",
  bailiwick: "urn:bailiwick:consent:",
  commitment: "bailiwick:commitment",
};

const purposes: Readonly<Record<Purpose, string>> = {
  personalisation: "dpv:Personalisation",
  analytics: "dpv:ServiceUsageAnalytics",
  "email-marketing": "dpv:DirectMarketing",
  advertising: "dpv:TargetedAdvertising",
};
const statuses: Readonly<Record<RecordedState, string>> = {
  granted: "dpv:ConsentGiven",
  denied: "dpv:ConsentRefused",
  withdrawn: "dpv:ConsentWithdrawn",
};
/** The laws of the residency map that the vocabulary has terms for; others are named in words. */
const places: Readonly<Record<string, string>> = { eu: "loc:EU", us: "loc:US", sg: "loc:SG" };

/**
 * @param publisher who keeps the record: the region's own host name
 * @param commitment 32 bytes: with it, and the event, anybody can look the event up in the log
 */
export function receiptOf(event: ConsentEvent, commitment: Uint8Array, publisher: string): string {
  const { basis, regulation, notice, servedAt } = event;
  return canonicalJson({
    "@context": context,
    "@id": `urn:uuid:${event.id}`,
    "@type": "dpv:ConsentReceipt",
    commitment: Buffer.from(commitment).toString("base64url"),
    "dct:identifier": event.id,
    "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#receipt",
    "dct:created": event.receivedAt,
    "dct:publisher": publisher,
    "dct:audience": "dpv:DataSubject",
    "dpv:hasRecordOfActivity": {
      "@type": "dpv:ConsentRecord",
      "dct:identifier": event.id,
      "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record",
      // Of this record only: the reference in the log would join what two receipts say.
      "dpv:hasDataSubject": { "@type": "dpv:Consumer" },
      "dpv:hasDataController": publisher,
      "dpv:hasJurisdiction": places[event.jurisdiction] ?? event.jurisdiction,
      "dpv:hasApplicableLaw": regulation,
      ...legalBasis(event),
      "dpv:hasProcess": { "@type": "dpv:Process", "dpv:hasPurpose": purposes[event.purpose], "bailiwick:purpose": event.purpose },
      ...(notice
        ? {
            "dpv:hasNotice": {
              "@type": "dpv:ConsentNotice",
              "dct:identifier": notice.id,
              "dct:hasVersion": notice.version,
              "dct:language": notice.language,
              "bailiwick:digest": notice.sha256,
              ...(servedAt ? { "dct:issued": servedAt } : {}),
            },
          }
        : {}),
      "dpv:hasConsentStatus": {
        // Where only something under the purpose was chosen, its consent stays what it was.
        "@type": event.state === undefined ? "dpv:ConsentStatus" : statuses[event.state],
        "dpv:isIndicatedBy": event.actor === "subject" ? "dpv:DataSubject" : event.actor,
        "dpv:hasIndicationMethod": `${event.method}: ${event.surface}`,
        "dpv:isIndicatedAtTime": event.collectedAt ?? event.receivedAt,
        ...(event.validUntil ? { "dct:valid": event.validUntil } : {}),
        "bailiwick:basis": basis,
        "bailiwick:epoch": event.epoch,
        "bailiwick:globalPrivacyControl": event.gpc,
        "bailiwick:policyRevision": event.policyRevision,
        ...(event.requestedAt ? { "bailiwick:requestedAt": event.requestedAt } : {}),
        ...(event.preferences ? { "bailiwick:preferences": event.preferences } : {}),
        ...(event.supersedes ? { "dct:replaces": `urn:uuid:${event.supersedes}` } : {}),
      },
      "dpv:hasConsentControl": {
        "@type": ["dpv:ProvideConsent", "dpv:WithdrawConsent"],
        "dpv:isExercisedAt": `https://${publisher}/preferences`,
      },
    },
  });
}

/** Opt-in is consent. Where the law lets people object instead, nothing was consented to, and the basis is the law itself. */
function legalBasis({ basis, jurisdiction }: ConsentEvent): object {
  if (basis === "opt-out") return {};
  return { "dpv:hasLegalBasis": jurisdiction === "eu" ? "eu-gdpr:A6-1-a" : "dpv:ExpressedConsent" };
}
