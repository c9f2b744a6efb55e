// logs.<region>.amazonaws.com: what the AWS SDKs, the CLI and agents ask CloudWatch Logs
// (docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference).
import type { Handler } from "../../engine/internet.ts";
import type { Store } from "../../engine/store.ts";
import type { Credentials } from "../../runtimes/s3/credentials.ts";
import { accountIn, arn } from "./account.ts";
import type { Iam } from "./iam.ts";
import { findGroup, groupToken, lockedBy, streamArn } from "./logs.ts";
import type { LogStore, StoredEvent, Wanted } from "./logs-store.ts";
import { AwsError, answering, readCall, type SignedCall } from "./signed-call.ts";

export interface LogsApiOptions {
  readonly store: Store;
  readonly credentials: Credentials;
  readonly iam: Iam;
  readonly logs: LogStore;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

export function logsApi(region: string, { store, credentials, iam, logs }: LogsApiOptions): Handler {
  /** The group that is asked for. @throws AwsError when the caller may not, or there is none */
  function demanded({ principal, operation, input }: SignedCall, stream?: string): string {
    const name = text(input.logGroupName) || (text(input.logGroupIdentifier).split(":log-group:").at(-1) ?? "");
    const resource =
      stream === undefined
        ? arn("logs", region, accountIn(principal), `log-group:${name}:*`)
        : streamArn(accountIn(principal), region, name, stream);
    iam.require({ principal, action: `logs:${operation}`, resource });
    const group = findGroup(store, region, name);
    if (!group) throw new AwsError("ResourceNotFoundException", "The specified log group does not exist.");
    const locked = lockedBy(store, region, name);
    if (locked !== undefined) throw new AwsError("InvalidOperationException", locked);
    logs.expire(region, name, Number(group.state.retentionInDays ?? 0));
    return name;
  }

  function requireStream(group: string, stream: string): string {
    if (logs.streams(region, group).includes(stream)) return stream;
    throw new AwsError("ResourceNotFoundException", "The specified log stream does not exist.");
  }

  function find(group: string, { input }: SignedCall, streams?: readonly string[]): StoredEvent[] {
    const wanted: Wanted = {
      ...(streams ? { streams } : {}),
      ...(input.logStreamNamePrefix === undefined ? {} : { prefix: text(input.logStreamNamePrefix) }),
      from: number(input.startTime),
      to: number(input.endTime),
      after: Number(/^[fe]?\/?(\d+)$/.exec(text(input.nextToken))?.[1] ?? 0),
      limit: number(input.limit) ?? 10_000,
    };
    return logs.events(region, group, wanted);
  }

  function answer(call: SignedCall): object {
    const { operation, input } = call;
    const stream = text(input.logStreamName);
    switch (operation) {
      case "CreateLogStream": {
        const group = demanded(call, stream);
        if (logs.streams(region, group).includes(stream)) {
          throw new AwsError("ResourceAlreadyExistsException", "The specified log stream already exists");
        }
        logs.create(region, group, stream);
        return {};
      }
      case "PutLogEvents": {
        const group = demanded(call, stream);
        const events = (input.logEvents as { timestamp?: unknown; message?: unknown }[] | undefined) ?? [];
        if (events.length === 0) throw new AwsError("InvalidParameterException", "Log events must not be empty");
        requireStream(group, stream);
        logs.append(
          region,
          group,
          stream,
          events.map(({ timestamp, message }) => ({ timestamp: Number(timestamp), message: text(message) })),
        );
        return { nextSequenceToken: "0" };
      }
      case "GetLogEvents": {
        const group = demanded(call, stream);
        const found = find(group, call, [requireStream(group, stream)]);
        const last = found.at(-1)?.id ?? Number(/(\d+)$/.exec(text(input.nextToken))?.[1] ?? 0);
        return {
          events: found.map(({ timestamp, message }) => ({ timestamp, message, ingestionTime: timestamp })),
          nextForwardToken: `f/${last}`,
          nextBackwardToken: `b/${found[0]?.id ?? 0}`,
        };
      }
      case "FilterLogEvents": {
        const group = demanded(call);
        const matches = matcher(text(input.filterPattern));
        const names = input.logStreamNames as string[] | undefined;
        return {
          events: find(group, call, names)
            .filter(({ message }) => matches(message))
            .map(({ id, stream: name, timestamp, message }) => ({
              eventId: String(id),
              logStreamName: name,
              timestamp,
              ingestionTime: timestamp,
              message,
            })),
          searchedLogStreams: [],
        };
      }
      case "DescribeLogStreams": {
        const group = demanded(call);
        const prefix = text(input.logStreamNamePrefix);
        const names = logs.streams(region, group).filter((name) => name.startsWith(prefix));
        return {
          logStreams: names.map((name) => ({ logStreamName: name, arn: streamArn(accountIn(call.principal), region, group, name) })),
        };
      }
      case "DescribeLogGroups": {
        iam.require({
          principal: call.principal,
          action: "logs:DescribeLogGroups",
          resource: arn("logs", region, accountIn(call.principal), "log-group:*"),
        });
        const prefix = text(input.logGroupNamePrefix);
        return {
          logGroups: store
            .list(groupToken)
            .filter(({ state }) => state.region === region && String(state.name).startsWith(prefix))
            .map(({ state }) => ({
              logGroupName: state.name,
              arn: `${state.arn}:*`,
              logGroupArn: state.arn,
              logGroupClass: state.logGroupClass,
              ...(Number(state.retentionInDays) > 0 ? { retentionInDays: state.retentionInDays } : {}),
              ...(state.kmsKeyId ? { kmsKeyId: state.kmsKeyId } : {}),
            })),
        };
      }
      default:
        throw new AwsError("UnknownOperationException", `Logs_20140328.${operation} is not available here.`);
    }
  }

  return (request) => answering(async () => answer(await readCall(request, "logs", region, credentials)));
}

/** Words that must all be in the message; a phrase in quotes is one. @throws AwsError for patterns over JSON or columns */
function matcher(pattern: string): (message: string) => boolean {
  if (/^[{[]/.test(pattern.trim()))
    throw new AwsError("InvalidParameterException", `The filter pattern ${pattern} is of a kind that is not available here: words only`);
  const terms = [...pattern.matchAll(/"([^"]+)"|(\S+)/g)].map(([, phrase, word]) => phrase ?? word ?? "");
  return (message) =>
    terms.every((term) => (term.startsWith("-") && term.length > 1 ? !message.includes(term.slice(1)) : message.includes(term)));
}
