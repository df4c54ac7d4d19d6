/** What a box that is killed must still have: a tree of plain objects, and random changes that make sense in it. */
import type { Seeded } from '../../../support/seeded.ts';

export type Step =
  | { readonly kind: 'create' | 'mkdir' | 'remove' | 'rmdir'; readonly path: string }
  | { readonly kind: 'sync'; readonly path: string }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'link' | 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'mode'; readonly path: string; readonly mode: number }
  | { readonly kind: 'cut'; readonly path: string; readonly size: number }
  | {
      readonly kind: 'write';
      readonly path: string;
      readonly offset: number;
      readonly size: number;
      readonly byte: number;
      readonly stable: boolean;
    };

export interface Node {
  readonly id: number;
  readonly kind: 'file' | 'directory' | 'symlink';
  mode: number;
  target: string;
  data: Buffer;
  /** Written UNSTABLE and not committed since: a power cut may take it. */
  loose: boolean;
}

const NAMES = ['a', 'b', 'c', 'd', 'e'] as const;
const OFFSET_MAX = 20_000;
const SIZE_MAX = 12_000;

export class Model {
  /** By path from the root, without a slash in front; '' is the root. */
  readonly nodes = new Map<string, Node>([['', nodeOf(0, 'directory', 0o755)]]);
  #nextId = 1;

  /** Returns the node whose content the step changes, if it does. */
  apply(step: Step): Node | undefined {
    const { nodes } = this;
    switch (step.kind) {
      case 'create':
      case 'mkdir':
      case 'symlink':
        this.#make(step);
        return undefined;
      case 'remove':
      case 'rmdir':
        nodes.delete(step.path);
        return undefined;
      case 'link':
        nodes.set(step.to, this.at(step.path));
        return undefined;
      case 'rename':
        this.#rename(step.path, step.to);
        return undefined;
      case 'mode':
        this.at(step.path).mode = step.mode;
        return undefined;
      case 'sync':
        this.at(step.path).loose = false;
        return undefined;
      case 'cut':
        return this.#resize(this.at(step.path), step.size);
      case 'write': {
        const node = this.at(step.path);
        const end = step.offset + step.size;
        if (end > node.data.length) this.#resize(node, end);
        node.data.fill(step.byte, step.offset, end);
        if (!step.stable) node.loose = true;
        return node;
      }
      default:
        return step satisfies never;
    }
  }

  at(path: string): Node {
    const node = this.nodes.get(path);
    if (node === undefined) throw new Error(`model: nothing at "${path}"`);
    return node;
  }

  /** Names that the file has. */
  linksOf(node: Node): number {
    return [...this.nodes.values()].filter((other) => other === node).length;
  }

  childrenOf(path: string): string[] {
    const prefix = path === '' ? '' : `${path}/`;
    return [...this.nodes.keys()].filter(
      (other) =>
        other !== '' && other.startsWith(prefix) && !other.slice(prefix.length).includes('/'),
    );
  }

  /** A step that succeeds in this tree. */
  random(seeded: Seeded): Step {
    for (;;) {
      const step = this.#attempt(seeded);
      if (step !== undefined) return step;
    }
  }

  #attempt(seeded: Seeded): Step | undefined {
    const paths = [...this.nodes.keys()];
    const path = seeded.pick(paths);
    const node = this.at(path);
    const dice = seeded.below(20);
    if (dice < 5) return this.#newName(seeded, dice);
    if (path === '') return undefined;
    if (dice < 8) return this.#move(seeded, path, node);
    if (dice === 8) return { kind: 'mode', path, mode: seeded.pick([0o644, 0o755, 0o700, 0o600]) };
    if (dice === 9) return this.#takeAway(path, node);
    if (node.kind !== 'file') return undefined;
    if (dice === 10) return this.#freeName(seeded, (to) => ({ kind: 'link', path, to }));
    if (dice === 11) return { kind: 'sync', path };
    if (dice < 14)
      return { kind: 'cut', path, size: seeded.pick([0, 0, seeded.below(OFFSET_MAX)]) };
    const offset = seeded.pick([0, 0, node.data.length, seeded.below(OFFSET_MAX)]);
    const size = 1 + seeded.below(SIZE_MAX);
    return {
      kind: 'write',
      path,
      offset,
      size,
      byte: 1 + seeded.below(255),
      stable: seeded.chance(3),
    };
  }

  #newName(seeded: Seeded, dice: number): Step | undefined {
    return this.#freeName(seeded, (path) => {
      if (dice === 0) return path.split('/').length > 3 ? undefined : { kind: 'mkdir', path };
      if (dice === 1) return { kind: 'symlink', path, target: `to-${seeded.below(1000)}` };
      return { kind: 'create', path };
    });
  }

  #freeName(seeded: Seeded, make: (path: string) => Step | undefined): Step | undefined {
    const path = this.#anyName(seeded);
    return this.nodes.has(path) ? undefined : make(path);
  }

  #anyName(seeded: Seeded): string {
    const directories = [...this.nodes].filter(([, node]) => node.kind === 'directory');
    const [directory] = seeded.pick(directories);
    const name = seeded.pick(NAMES);
    return directory === '' ? name : `${directory}/${name}`;
  }

  #move(seeded: Seeded, path: string, node: Node): Step | undefined {
    const to = this.#anyName(seeded);
    const there = this.nodes.get(to);
    if (to === path || to.startsWith(`${path}/`) || there === node) return undefined;
    if (there !== undefined) {
      if ((there.kind === 'directory') !== (node.kind === 'directory')) return undefined;
      if (there.kind === 'directory' && this.childrenOf(to).length > 0) return undefined;
    }
    return { kind: 'rename', path, to };
  }

  #takeAway(path: string, node: Node): Step | undefined {
    if (node.kind !== 'directory') return { kind: 'remove', path };
    return this.childrenOf(path).length > 0 ? undefined : { kind: 'rmdir', path };
  }

  #make(
    step: Extract<Step, { kind: 'create' | 'mkdir' | 'symlink' | 'remove' | 'rmdir' | 'sync' }>,
  ): void {
    const kind = step.kind === 'mkdir' ? 'directory' : step.kind === 'symlink' ? 'symlink' : 'file';
    const mode = kind === 'directory' ? 0o755 : kind === 'symlink' ? 0o777 : 0o644;
    const node = nodeOf(this.#nextId, kind, mode);
    if (step.kind === 'symlink') node.target = step.target;
    this.#nextId += 1;
    this.nodes.set(step.path, node);
  }

  #rename(path: string, to: string): void {
    const moved = [...this.nodes].filter(
      ([other]) => other === path || other.startsWith(`${path}/`),
    );
    for (const [other] of moved) this.nodes.delete(other);
    for (const [other, node] of moved) this.nodes.set(to + other.slice(path.length), node);
  }

  #resize(node: Node, size: number): Node {
    const data = Buffer.alloc(size);
    node.data.copy(data);
    node.data = data;
    return node;
  }
}

function nodeOf(id: number, kind: Node['kind'], mode: number): Node {
  return { id, kind, mode, target: '', data: Buffer.alloc(0), loose: false };
}
