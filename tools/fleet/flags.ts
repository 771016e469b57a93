import type { Role } from '../../protocols/access.ts';
import type { BrokerFlags } from '../commands/broker-options.ts';

/** Where the operator's keys lie. */
export interface FolderFlags {
  readonly dir: string;
}

export interface InitFlags extends FolderFlags {
  readonly site: string;
}

export interface EnrollFlags extends FolderFlags {
  readonly request?: string;
  readonly role: readonly Role[];
  readonly host?: readonly string[];
  readonly days: number;
  readonly renew?: true;
}

export interface RevokeFlags extends FolderFlags, BrokerFlags {
  readonly serial?: number;
}

export interface ListFlags extends FolderFlags, BrokerFlags {
  readonly site?: string;
  readonly wait: number;
  readonly json?: true;
}
