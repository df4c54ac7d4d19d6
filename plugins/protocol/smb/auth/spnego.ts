/** SPNEGO tokens (RFC 4178 §4.2) inside GSS-API framing (RFC 2743 §3.1), in DER. */
import * as asn1 from 'asn1js';
import { DecodeError } from '#core/wire/reader.ts';

export const OID_SPNEGO = '1.3.6.1.5.5.2';
export const OID_NTLMSSP = '1.3.6.1.4.1.311.2.2.10';
export const OID_KERBEROS = '1.2.840.113554.1.2.2';

/** NegState (RFC 4178 §4.2.2). */
export const ACCEPT_COMPLETED = 0;
export const ACCEPT_INCOMPLETE = 1;
export const REJECT = 2;
export const REQUEST_MIC = 3;

/** Bytes of one token: a Kerberos ticket with a long authorization list fits. */
const TOKEN_SIZE_MAX = 64 * 1024;
const MECHANISMS_MAX = 32;
/** Bytes of their list, which is kept until the user is known: some dozen each. */
const MECHANISMS_SIZE_MAX = 2048;
/** A token's nesting is six deep. */
const BOUNDS = {
  maxDepth: 16,
  maxNodes: 256,
  maxContentLength: TOKEN_SIZE_MAX,
  parseEmbedded: false,
} as const;

export interface NegTokenInit {
  readonly kind: 'init';
  readonly mechanisms: readonly string[];
  /** DER of the list, which mechListMIC is made over. */
  readonly mechanismList: Buffer;
  readonly token: Buffer | undefined;
  readonly mic: Buffer | undefined;
}

export interface NegTokenResp {
  readonly kind: 'resp';
  readonly state: number | undefined;
  readonly mechanism: string | undefined;
  readonly token: Buffer | undefined;
  readonly mic: Buffer | undefined;
}

export function readSpnego(bytes: Buffer): NegTokenInit | NegTokenResp {
  if (bytes.length > TOKEN_SIZE_MAX) throw new DecodeError(`SPNEGO: ${bytes.length} bytes`);
  const outer = parse(bytes);
  // [APPLICATION 0] frames the first token, [1] is NegTokenResp as it stands.
  if (isTagged(outer, 2, 0)) {
    const [mechanism, inner] = childrenOf(outer);
    if (!(mechanism instanceof asn1.ObjectIdentifier) || mechanism.getValue() !== OID_SPNEGO) {
      throw new DecodeError('SPNEGO: the token is of another mechanism');
    }
    return readInit(inner);
  }
  return isTagged(outer, 3, 0) ? readInit(outer) : readResp(outer);
}

export function writeInit(
  mechanisms: readonly string[],
  token: Buffer | undefined,
  hint?: string,
): Buffer {
  const parts: asn1.BaseBlock[] = [tagged(0, mechanismList(mechanisms))];
  if (token !== undefined) parts.push(tagged(2, octets(token)));
  // NegTokenInit2 of a server that speaks first ([MS-SPNG] §2.2.1): hints instead of a MIC.
  if (hint !== undefined) {
    const name = new asn1.GeneralString({ value: hint });
    parts.push(tagged(3, new asn1.Sequence({ value: [tagged(0, name)] })));
  }
  const framed = new asn1.Constructed({
    idBlock: { tagClass: 2, tagNumber: 0 },
    value: [
      new asn1.ObjectIdentifier({ value: OID_SPNEGO }),
      tagged(0, new asn1.Sequence({ value: parts })),
    ],
  });
  return der(framed);
}

export function writeResp(response: Omit<NegTokenResp, 'kind'>): Buffer {
  const { state, mechanism, token, mic } = response;
  const parts: asn1.BaseBlock[] = [];
  if (state !== undefined) parts.push(tagged(0, new asn1.Enumerated({ value: state })));
  if (mechanism !== undefined) {
    parts.push(tagged(1, new asn1.ObjectIdentifier({ value: mechanism })));
  }
  if (token !== undefined) parts.push(tagged(2, octets(token)));
  if (mic !== undefined) parts.push(tagged(3, octets(mic)));
  return der(tagged(1, new asn1.Sequence({ value: parts })));
}

export const mechanismListDer = (mechanisms: readonly string[]): Buffer =>
  der(mechanismList(mechanisms));

function readInit(block: asn1.AsnType | undefined): NegTokenInit {
  const fields = fieldsOf(block, 0);
  const list = fields.get(0);
  if (!(list instanceof asn1.Sequence)) throw new DecodeError('SPNEGO: names no mechanisms');
  const mechanisms = list.valueBlock.value.map((item) => {
    if (!(item instanceof asn1.ObjectIdentifier)) throw new DecodeError('SPNEGO: not a mechanism');
    return item.getValue();
  });
  if (mechanisms.length > MECHANISMS_MAX) throw new DecodeError('SPNEGO: too many mechanisms');
  const mechanismList = Buffer.from(list.valueBeforeDecodeView);
  if (mechanismList.length > MECHANISMS_SIZE_MAX) {
    throw new DecodeError(`SPNEGO: ${mechanismList.length} bytes of mechanisms`);
  }
  // [3] is a MIC only where it is a string of octets; Windows puts its hints there.
  const mic = fields.get(3);
  return {
    kind: 'init',
    mechanisms,
    mechanismList,
    token: octetsOf(fields.get(2)),
    mic: mic instanceof asn1.OctetString ? octetsOf(mic) : undefined,
  };
}

function readResp(block: asn1.AsnType): NegTokenResp {
  const fields = fieldsOf(block, 1);
  const [state, mechanism] = [fields.get(0), fields.get(1)];
  return {
    kind: 'resp',
    state: state instanceof asn1.Enumerated ? state.valueBlock.valueDec : undefined,
    mechanism: mechanism instanceof asn1.ObjectIdentifier ? mechanism.getValue() : undefined,
    token: octetsOf(fields.get(2)),
    mic: octetsOf(fields.get(3)),
  };
}

/** The members of the sequence inside `[tag]`, by their own tags. */
function fieldsOf(block: asn1.AsnType | undefined, tag: number): Map<number, asn1.AsnType> {
  if (block === undefined || !isTagged(block, 3, tag)) {
    throw new DecodeError('SPNEGO: is no token of negotiation');
  }
  const [sequence] = childrenOf(block);
  if (!(sequence instanceof asn1.Sequence)) throw new DecodeError('SPNEGO: has no members');
  const fields = new Map<number, asn1.AsnType>();
  for (const member of sequence.valueBlock.value) {
    const [value] = childrenOf(member);
    if (member.idBlock.tagClass !== 3 || value === undefined) {
      throw new DecodeError('SPNEGO: a member has no tag');
    }
    fields.set(member.idBlock.tagNumber, value);
  }
  return fields;
}

function parse(bytes: Buffer): asn1.AsnType {
  try {
    const { offset, result } = asn1.fromBER(Uint8Array.from(bytes), BOUNDS);
    if (offset === -1) throw new DecodeError(`SPNEGO: ${result.error || 'is not DER'}`);
    return result;
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    throw new DecodeError(`SPNEGO: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isTagged(block: asn1.AsnType, tagClass: number, tagNumber: number): boolean {
  return block.idBlock.tagClass === tagClass && block.idBlock.tagNumber === tagNumber;
}

function childrenOf(block: asn1.AsnType): readonly asn1.AsnType[] {
  return block instanceof asn1.Constructed ? block.valueBlock.value : [];
}

function octetsOf(block: asn1.AsnType | undefined): Buffer | undefined {
  if (!(block instanceof asn1.OctetString)) return undefined;
  return Buffer.from(block.getValue());
}

const octets = (bytes: Buffer): asn1.OctetString =>
  new asn1.OctetString({ valueHex: Uint8Array.from(bytes).buffer });

const tagged = (tagNumber: number, value: asn1.BaseBlock): asn1.Constructed =>
  new asn1.Constructed({ idBlock: { tagClass: 3, tagNumber }, value: [value as asn1.AsnType] });

const mechanismList = (mechanisms: readonly string[]): asn1.Sequence =>
  new asn1.Sequence({ value: mechanisms.map((value) => new asn1.ObjectIdentifier({ value })) });

const der = (block: asn1.BaseBlock): Buffer => Buffer.from(block.toBER());
