// What a preview can know of a resource's outputs, and what an update carries over: what the program gives, what was there before, or nothing yet.
import type { Shape } from "./declarations.ts";
import { type Properties, UNKNOWN, type Value } from "./definition.ts";
import type { ObjectSchema, ResourceSchema, Sdk } from "./schema.ts";
import { isRecord } from "./wire.ts";

/** Before a resource exists: its inputs, and unknown for everything that the provider will compute, at every depth. */
export function outputsOfCreate(sdk: Sdk, schema: ResourceSchema, inputs: Properties): Properties {
  return fill(schema.outputs, inputs, (name) => !(name in schema.inputs));

  function fill(members: ObjectSchema, value: Properties, computedOnly: (name: string) => boolean): Properties {
    const filled: Properties = { ...value };
    for (const [name, property] of Object.entries(members)) {
      const given = value[name];
      if (given !== undefined && given !== null) filled[name] = deepen(property.shape, given);
      else if (property.required || computedOnly(name)) filled[name] = UNKNOWN;
    }
    return filled;
  }

  function deepen(shape: Shape, value: Value): Value {
    if (shape.kind === "list" && Array.isArray(value)) return value.map((element) => deepen(shape.of, element));
    if (shape.kind === "named" && shape.name.startsWith("outputs.") && isRecord(value)) {
      return fill(sdk.object(shape.name), value, () => false);
    }
    return value;
  }
}

/**
 * The state after an update as far as the inputs and the state before tell: new inputs, and every computed output as it was.
 * @param old inputs and state before
 */
export function carryOver(old: { inputs: Properties; state: Properties }, inputs: Properties): Properties {
  const state: Properties = { ...inputs };
  for (const [name, before] of Object.entries(old.state)) {
    const given = inputs[name];
    if (given === undefined) {
      if (!(name in old.inputs)) state[name] = before;
    } else {
      state[name] = carryInto(old.inputs[name], before, given);
    }
  }
  return state;
}

/** Adds to an input what the provider had computed inside of it (`settings.version`). */
function carryInto(oldInput: Value | undefined, oldState: Value, input: Value): Value {
  if (isRecord(oldState) && isRecord(input)) {
    return carryOver({ inputs: isRecord(oldInput) ? oldInput : {}, state: oldState }, input);
  }
  if (Array.isArray(oldState) && Array.isArray(input) && Array.isArray(oldInput) && oldState.length === input.length) {
    // Only an element that stayed as it was keeps what was computed for it: places in a list have no identity.
    const same = (index: number) => JSON.stringify(oldInput[index]) === JSON.stringify(input[index]);
    return input.map((element, index) => (same(index) ? (oldState[index] as Value) : element));
  }
  return input;
}

/** The inputs with what they lack, at every depth; lists are taken element by element where both have as many. */
export function addMissing(inputs: Properties, additions: Properties): Properties {
  const complete: Properties = { ...inputs };
  for (const [name, addition] of Object.entries(additions)) complete[name] = addInto(inputs[name], addition);
  return complete;
}

function addInto(given: Value | undefined, addition: Value): Value {
  if (given === undefined || given === null) return addition;
  if (isRecord(given) && isRecord(addition)) return addMissing(given, addition);
  if (Array.isArray(given) && Array.isArray(addition) && given.length === addition.length) {
    return given.map((element, index) => addInto(element, addition[index] as Value));
  }
  return given;
}
