/** One try of a CREATE: what it knows and how it ends. */
import type { HeldOpen, OpenOutcome, Wait } from '#core/opens/types.ts';
import type { Outcome, SmbCall } from '../command.ts';
import type { FileHandle } from '../open.ts';
import {
  STATUS_DELETE_PENDING,
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_INVALID_PARAMETER,
  STATUS_SHARING_VIOLATION,
} from '../status.ts';
import type { DiskShare } from '../tree-connect.ts';
import type { CreateRequest } from './request.ts';
import type { CreateResponse } from './response.ts';

export interface Attempt {
  readonly call: SmbCall;
  readonly share: DiskShare;
  readonly request: CreateRequest;
  /** Those of the open to be. */
  readonly id: FileHandle;
  /** It has waited before. */
  readonly again: boolean;
}

export type Step = { readonly wait: Wait } | { readonly outcome: Outcome<CreateResponse> };

export function refused(status: number): Step {
  return { outcome: { status } };
}

/** What the manager of opens says, in the words of this protocol. */
export function heldOr(
  outcome: OpenOutcome,
): { readonly held: HeldOpen } | { readonly step: Step } {
  switch (outcome.kind) {
    case 'granted':
      return { held: outcome.open };
    case 'breaking':
      return { step: { wait: outcome.wait } };
    case 'sharing-violation':
      return { step: refused(STATUS_SHARING_VIOLATION) };
    case 'delete-pending':
      return { step: refused(STATUS_DELETE_PENDING) };
    case 'lease-elsewhere':
      return { step: refused(STATUS_INVALID_PARAMETER) };
    case 'too-many':
      return { step: refused(STATUS_INSUFFICIENT_RESOURCES) };
  }
}
