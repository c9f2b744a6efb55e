// The protobuf wire format, for reading (protobuf.dev/programming-guides/encoding).

/** A field as it stands: numbers of any width as an integer's bits, everything with a length as bytes. */
export interface WireField {
  readonly number: number;
  readonly integer?: bigint;
  readonly bytes?: Buffer;
}

/** The fields of a message, in their order. @throws Error when it is cut off or is no message */
export function fieldsOf(message: Buffer): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error(`a number at byte ${at} has no end`);
  };
  const take = (length: number): Buffer => {
    if (at + length > message.length) throw new Error(`a field at byte ${at} says ${length} bytes; ${message.length - at} are left`);
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    switch (Number(tag & 7n)) {
      case 0:
        fields.push({ number, integer: varint() });
        break;
      case 1:
        fields.push({ number, integer: take(8).readBigUInt64LE() });
        break;
      case 2:
        fields.push({ number, bytes: take(Number(varint())) });
        break;
      case 5:
        fields.push({ number, integer: BigInt(take(4).readUInt32LE()) });
        break;
      default:
        throw new Error(`field ${number} at byte ${at} is of a kind that does not exist`);
    }
  }
  return fields;
}

export const text = (bytes: Buffer): string => bytes.toString("utf8");
