/** The tree that the demo copies: listed once, read file by file, never changed. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Folders that are not part of anybody's work: what others made, and what can be made again. */
const LEFT_OUT: ReadonlySet<string> = new Set(['node_modules', '.git', 'dist']);
/** Bytes of one file: it is held in memory while it is copied. */
const FILE_SIZE_MAX = 256 * 1024 * 1024;

export interface SourceNode {
  readonly kind: 'directory' | 'file' | 'symlink';
  /** Below the source, names joined by slashes; empty for the source itself. */
  readonly path: string;
  readonly name: string;
  /** The folder's path. */
  readonly parent: string;
  readonly mode: number;
  readonly size: number;
  readonly mtimeMs: number;
  /** Of a symlink. */
  readonly target: string;
}

export interface Source {
  readonly root: string;
  /** Every folder before what is in it. */
  readonly nodes: readonly SourceNode[];
  /** Sentences on what was left out. */
  readonly skipped: readonly string[];
}

export function listSource(root: string): Source {
  const nodes: SourceNode[] = [];
  const skipped: string[] = [];
  const visit = (parent: string): void => {
    for (const name of readdirSync(join(root, parent)).sort()) {
      if (LEFT_OUT.has(name)) continue;
      const path = parent === '' ? name : `${parent}/${name}`;
      const stat = lstatSync(join(root, path));
      const common = { path, name, parent, mode: stat.mode & 0o777, mtimeMs: stat.mtimeMs };
      if (stat.isDirectory()) {
        nodes.push({ ...common, kind: 'directory', size: 0, target: '' });
        visit(path);
      } else if (stat.isSymbolicLink()) {
        nodes.push({ ...common, kind: 'symlink', size: 0, target: readlinkSync(join(root, path)) });
      } else if (stat.isFile() && stat.size <= FILE_SIZE_MAX) {
        nodes.push({ ...common, kind: 'file', size: stat.size, target: '' });
      } else {
        skipped.push(stat.isFile() ? `${path}: larger than this demo copies` : `${path}: no file`);
      }
    }
  };
  visit('');
  return { root, nodes, skipped };
}

export function readSource(source: Source, node: SourceNode): Buffer {
  return readFileSync(join(source.root, node.path));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
