/** One tap an interface, shared by all addresses on it. */
import type { Frames, Lan, LanInterface } from '#core/ports/lan.ts';
import { DecodeError } from '#core/wire/reader.ts';
import { decodeFrame } from './frames.ts';
import { type Sign, signOf } from './signs.ts';

export class Taps {
  readonly #lan: Lan;
  readonly #heard: (sign: Sign, index: number) => void;
  readonly #open = new Map<number, Frames>();

  constructor(lan: Lan, heard: (sign: Sign, index: number) => void) {
    this.#lan = lan;
    this.#heard = heard;
  }

  /** Throws `LanError`. */
  on(networkInterface: LanInterface): Frames {
    const known = this.#open.get(networkInterface.index);
    if (known !== undefined) return known;
    const frames = this.#lan.tap(networkInterface, (bytes) =>
      this.#receive(bytes, networkInterface.index),
    );
    this.#open.set(networkInterface.index, frames);
    return frames;
  }

  /** Closes those that nobody needs. */
  keep(indexes: ReadonlySet<number>): void {
    for (const [index, frames] of this.#open) {
      if (indexes.has(index)) continue;
      frames.close();
      this.#open.delete(index);
    }
  }

  #receive(bytes: Buffer, index: number): void {
    const sign = readSign(bytes);
    if (sign !== undefined) this.#heard(sign, index);
  }
}

/** Whatever stands in a frame that we cannot read is its sender's affair. */
function readSign(bytes: Buffer): Sign | undefined {
  try {
    const frame = decodeFrame(bytes);
    return frame && signOf(frame);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
