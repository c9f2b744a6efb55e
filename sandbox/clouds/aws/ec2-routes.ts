// Where a subnet's traffic goes: route tables, their associations and routes.
import { createHash } from "node:crypto";
import { CloudError, type Context, type Properties, type ResourceDefinition, type Stored } from "../../engine/definition.ts";
import { recorded } from "../../engine/recorded.ts";
import type { Store } from "../../engine/store.ts";
import { accountOf, arn, regionDefault, regionOf, tagsAll } from "./account.ts";
import { gatewayToken, refuseDependents, requireSubnet, requireVpc } from "./ec2-vpc.ts";
import { isKnown, listOf, newId } from "./values.ts";

export const routeTableToken = "aws:ec2/routeTable:RouteTable";
const associationToken = "aws:ec2/routeTableAssociation:RouteTableAssociation";
const routeToken = "aws:ec2/route:Route";
const test = "test/sandbox/aws/ec2.test.ts";
const why = "no packet is routed here; what needs a way asks for it";

/** The id of the table by which a subnet's traffic goes: its own, else the VPC's main one. */
export function tableOf(store: Store, subnet: Stored): string {
  const association = store.list(associationToken).find(({ state }) => state.subnetId === subnet.id);
  return String(association?.state.routeTableId ?? requireVpc(store, subnet.state.vpcId).state.mainRouteTableId);
}

/** Whether a table sends what is bound for anywhere to an internet gateway. */
export function leadsToInternet(store: Store, table: string): boolean {
  const inline = listOf(store.get(routeTableToken, table)?.state.routes).map(({ cidrBlock, gatewayId }) => ({
    destination: cidrBlock,
    gatewayId,
  }));
  const single = store
    .list(routeToken)
    .filter(({ state }) => state.routeTableId === table)
    .map(({ state }) => ({ destination: state.destinationCidrBlock, gatewayId: state.gatewayId }));
  return [...inline, ...single].some(
    ({ destination, gatewayId }) => destination === "0.0.0.0/0" && store.get(gatewayToken, String(gatewayId)) !== undefined,
  );
}

/** @throws CloudError as the API says it */
function requireTable(store: Store, id: unknown): { id: string; vpcId: string } {
  const row = store.get(routeTableToken, String(id));
  if (row) return { id: row.id, vpcId: String(row.state.vpcId) };
  const owner = store.list("aws:ec2/vpc:Vpc").find(({ state }) => state.mainRouteTableId === id);
  if (owner) return { id: String(id), vpcId: owner.id };
  throw new CloudError("InvalidRouteTableID.NotFound", `api error InvalidRouteTableID.NotFound: The routeTable ID '${id}' does not exist`);
}

function requireGateway({ store }: Context, table: { id: string; vpcId: string }, route: Properties): void {
  if (route.natGatewayId !== undefined) throw new CloudError("NotImplemented", "NAT gateways are not available here: use endpoints");
  if (route.gatewayId === undefined || route.gatewayId === "local") return;
  const gateway = store.get(gatewayToken, String(route.gatewayId));
  if (!gateway) {
    throw new CloudError(
      "InvalidGatewayID.NotFound",
      `api error InvalidGatewayID.NotFound: The gateway ID '${route.gatewayId}' does not exist`,
    );
  }
  if (gateway.state.vpcId !== table.vpcId) {
    throw new CloudError(
      "InvalidParameterValue",
      `api error InvalidParameterValue: route table ${table.id} and network gateway ${gateway.id} belong to different networks`,
    );
  }
}

const routeTable: ResourceDefinition = {
  ...recorded({
    token: routeTableToken,
    why,
    fidelity: { level: "enforces", how: "a task's way out is sought in it", test },
    replaceOn: ["vpcId", "region"],
    recomputed: ["tagsAll"],
    unordered: ["routes"],
    defaults: regionDefault,
    id(inputs, context) {
      requireVpc(context.store, inputs.vpcId);
      return context.orphan?.id ?? newId("rtb");
    },
    computed(inputs, id, context) {
      for (const route of listOf(inputs.routes)) requireGateway(context, { id, vpcId: String(inputs.vpcId) }, route);
      const account = accountOf(context);
      return {
        arn: arn("ec2", regionOf(inputs, context), account, `route-table/${id}`),
        ownerId: account,
        propagatingVgws: inputs.propagatingVgws ?? [],
        ...(inputs.routes === undefined ? { routes: [] } : {}),
        tagsAll: tagsAll(inputs, context),
      };
    },
  }),
  delete({ store }, { id }) {
    refuseDependents(
      `routeTable '${id}'`,
      store.list(associationToken).filter(({ state }) => state.routeTableId === id),
    );
  },
};

const association = recorded({
  token: associationToken,
  why,
  fidelity: { level: "enforces", how: "a subnet has one table", test },
  replaceOn: ["subnetId", "gatewayId", "region"],
  defaults: regionDefault,
  refuse: ({ subnetId, gatewayId }) =>
    (subnetId === undefined) === (gatewayId === undefined)
      ? [{ property: "subnetId", reason: "exactly one of `gatewayId,subnetId` must be specified" }]
      : [],
  id(inputs, context) {
    const { store } = context;
    requireTable(store, inputs.routeTableId);
    if (inputs.subnetId !== undefined) requireSubnet(store, inputs.subnetId);
    const other = store
      .list(associationToken)
      .find(({ id, state }) => inputs.subnetId !== undefined && state.subnetId === inputs.subnetId && id !== context.orphan?.id);
    if (other) {
      throw new CloudError(
        "Resource.AlreadyAssociated",
        `creating EC2 Route Table Association: api error Resource.AlreadyAssociated: the specified association for route table ${inputs.routeTableId} conflicts with an existing association`,
      );
    }
    return context.orphan?.id ?? newId("rtbassoc");
  },
});

const destinations = ["destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"];

const route = recorded({
  token: routeToken,
  why,
  fidelity: { level: "enforces", how: "a task's way out is sought in it", test },
  replaceOn: ["routeTableId", ...destinations, "region"],
  defaults: regionDefault,
  refuse: (inputs) =>
    destinations.filter((name) => inputs[name] !== undefined).length === 1
      ? []
      : [{ property: "destinationCidrBlock", reason: `exactly one of \`${destinations.join(",")}\` must be specified` }],
  id(inputs, { store }) {
    requireTable(store, inputs.routeTableId);
    const destination = destinations.map((name) => inputs[name]).find((value) => isKnown(value));
    const hash = createHash("sha256").update(String(destination)).digest().readUInt32BE(0);
    return `r-${inputs.routeTableId}${hash}`;
  },
  computed(inputs, _id, context) {
    requireGateway(context, requireTable(context.store, inputs.routeTableId), inputs);
    return { origin: "CreateRoute", state: "active", instanceId: "", instanceOwnerId: "" };
  },
});

export const routeDefinitions: readonly ResourceDefinition[] = [routeTable, association, route];
