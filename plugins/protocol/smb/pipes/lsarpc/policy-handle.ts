/** The one policy object: whoever has a pipe has it, so its handle says nothing and is never refused. */
export const POLICY_HANDLE: Buffer = Buffer.from('00000000a57c0b1e4c4f3d4f8a2c5d1e9f70b316', 'hex');
export const POLICY_HANDLE_SIZE = POLICY_HANDLE.length;
