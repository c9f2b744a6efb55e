import { functionUrlRule } from "../../../../policies/rules/exposure/function-url.ts";
import { UNKNOWN } from "../../judging.ts";
import { specify } from "../../specify.ts";

const type = "aws:lambda/functionUrl:FunctionUrl";

specify(functionUrlRule, {
  passes: [["one that IAM guards", { type, props: { authorizationType: "AWS_IAM" } }]],
  refused: [
    ["one for all", { type, props: { authorizationType: "NONE" } }, 'authorizationType is "NONE"'],
    ["one that says nothing", { type, props: {} }, "authorizationType is not set"],
  ],
  undecided: [["the type", { type, props: { authorizationType: UNKNOWN } }, "authorizationType"]],
  silent: "aws:lambda/function:Function",
});
