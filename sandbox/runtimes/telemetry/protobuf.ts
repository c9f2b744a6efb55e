// The protobuf wire format, for reading (protobuf.dev/programming-guides/encoding). Nothing is copied on the way: telemetry comes by
// thousands of messages a second, and a message is read where it lies.

/** Reads the fields of one message, in their order: `while (message.next())`. Every method throws an Error when the message is cut off. */
export class WireMessage {
  /** Of the field that was read last. */
  number = 0;
  readonly #buffer: Buffer;
  readonly #end: number;
  /** Where the next field begins. */
  #at: number;
  /** Where the content of the last field begins; its end is `#at`. */
  #from = 0;
  #kind = 0;

  constructor(buffer: Buffer, from = 0, end = buffer.length) {
    this.#buffer = buffer;
    this.#at = from;
    this.#end = end;
  }

  /** Goes to the next field. @returns false at the end */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const tag = this.#varint();
    this.number = Math.floor(tag / 8);
    this.#kind = tag % 8;
    this.#from = this.#at;
    switch (this.#kind) {
      case 0:
        this.#varint();
        break;
      case 1:
        this.#take(8);
        break;
      case 2: {
        const length = this.#varint();
        this.#from = this.#at;
        this.#take(length);
        break;
      }
      case 5:
        this.#take(4);
        break;
      default:
        throw new Error(`field ${this.number} at byte ${this.#from} is of a kind that does not exist`);
    }
    return true;
  }

  /** The field's content as a message of its own; an empty one if the field is a number. */
  message(): WireMessage {
    return this.#kind === 2 ? new WireMessage(this.#buffer, this.#from, this.#at) : new WireMessage(this.#buffer, 0, 0);
  }

  text(): string {
    return this.#kind === 2 ? this.#buffer.toString("utf8", this.#from, this.#at) : "";
  }

  /** Bytes in hexadecimal digits, lower case. */
  hex(): string {
    return this.#kind === 2 ? this.#buffer.toString("hex", this.#from, this.#at) : "";
  }

  /** A number of whatever width, as an unsigned integer's bits; 0 if the field is none. */
  bits(): bigint {
    switch (this.#kind) {
      case 0: {
        let value = 0n;
        for (let at = this.#at - 1; at >= this.#from; at--) value = (value << 7n) | BigInt((this.#buffer[at] as number) & 0x7f);
        return value;
      }
      case 1:
        return this.#buffer.readBigUInt64LE(this.#from);
      case 5:
        return BigInt(this.#buffer.readUInt32LE(this.#from));
      default:
        return 0n;
    }
  }

  /** The bits of eight bytes as a floating-point number. */
  double(): number {
    return this.#kind === 1 ? this.#buffer.readDoubleLE(this.#from) : 0;
  }

  #take(length: number): void {
    if (this.#at + length > this.#end)
      throw new Error(`a field at byte ${this.#at} says ${length} bytes; ${this.#end - this.#at} are left`);
    this.#at += length;
  }

  /** Exact up to 53 bits: enough for tags and lengths. A value is read by `bits`. */
  #varint(): number {
    let value = 0;
    for (let scale = 1, digits = 0; digits < 10; digits++, scale *= 128) {
      if (this.#at >= this.#end) break;
      const byte = this.#buffer[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new Error(`a number at byte ${this.#at} has no end`);
  }
}
