/** A POSIX tree said in the plainest way: nodes by number, maps of names. Its answers are refusals or `done`. */
type Kind = 'file' | 'directory' | 'symlink' | 'stream';

interface Node {
  readonly number: number;
  readonly kind: Kind;
  size: number;
  readonly names: Map<string, Node>;
  /** By name, of which no two differ in case alone. */
  readonly streams: Map<string, Node>;
  readonly attributes: Map<string, string>;
  gone: boolean;
}

export class ModelTree {
  readonly #nodes: Node[] = [];

  constructor() {
    this.#add('directory');
  }

  /** The number of the node made last. */
  get newest(): number {
    return this.#nodes.length - 1;
  }

  /** Numbers worth asking about: all that live, and the last of those that are gone. */
  known(): number[] {
    const gone = this.#nodes.filter((node) => node.gone).slice(-2);
    return [...this.#nodes.filter((node) => !node.gone), ...gone].map((node) => node.number);
  }

  live(): number[] {
    return this.#nodes.filter((node) => !node.gone).map((node) => node.number);
  }

  /** Whether it has bytes. */
  isFile(number: number): boolean {
    const kind = this.#nodes[number]?.kind;
    return kind === 'file' || kind === 'stream';
  }

  create(directory: number, name: string, kind: Kind): string {
    const parent = this.#directory(directory);
    if (typeof parent === 'string') return parent;
    if (parent.names.has(name)) return 'exists';
    parent.names.set(name, this.#add(kind));
    return 'done';
  }

  remove(directory: number, name: string): string {
    const parent = this.#directory(directory);
    if (typeof parent === 'string') return parent;
    const node = parent.names.get(name);
    if (node === undefined) return 'not-found';
    if (node.kind === 'directory') return 'is-directory';
    parent.names.delete(name);
    this.#sweep();
    return 'done';
  }

  removeDirectory(directory: number, name: string): string {
    const parent = this.#directory(directory);
    if (typeof parent === 'string') return parent;
    const node = parent.names.get(name);
    if (node === undefined) return 'not-found';
    if (node.kind !== 'directory') return 'not-directory';
    if (node.names.size > 0) return 'not-empty';
    parent.names.delete(name);
    this.#sweep();
    return 'done';
  }

  rename(from: number, name: string, to: number, second: string): string {
    const source = this.#directory(from);
    if (typeof source === 'string') return source;
    const target = this.#directory(to);
    if (typeof target === 'string') return target;
    const node = source.names.get(name);
    if (node === undefined) return 'not-found';
    const there = target.names.get(second);
    if (there === node) return 'done';
    if (node.kind === 'directory') {
      if (this.#below(node).includes(target)) return 'invalid';
      if (there !== undefined && there.kind !== 'directory') return 'not-directory';
      if (there !== undefined && there.names.size > 0) return 'not-empty';
    } else if (there?.kind === 'directory') {
      return 'is-directory';
    }
    source.names.delete(name);
    target.names.set(second, node);
    this.#sweep();
    return 'done';
  }

  link(file: number, directory: number, name: string): string {
    const node = this.#nodes[file];
    if (node === undefined || node.gone) return 'stale';
    if (node.kind === 'stream' && !this.#isGone(directory)) return 'invalid';
    const parent = this.#directory(directory);
    if (typeof parent === 'string') return parent;
    if (parent.names.has(name)) return 'exists';
    if (node.kind === 'directory') return 'not-permitted';
    parent.names.set(name, node);
    return 'done';
  }

  resize(file: number, change: (before: number) => number): string {
    const node = this.#nodes[file];
    if (node === undefined || node.gone) return 'stale';
    if (node.kind === 'directory') return 'is-directory';
    if (!this.isFile(file)) return 'invalid';
    node.size = change(node.size);
    return 'done';
  }

  createStream(file: number, name: string): string {
    const node = this.#nodes[file];
    if (node === undefined || node.gone) return 'stale';
    if (node.kind !== 'file' && node.kind !== 'directory') return 'invalid';
    if (this.#stream(node, name) !== undefined) return 'exists';
    node.streams.set(name, this.#add('stream'));
    return 'done';
  }

  removeStream(file: number, name: string): string {
    const node = this.#nodes[file];
    if (node === undefined || node.gone) return 'stale';
    const known = this.#stream(node, name);
    if (known === undefined) return 'not-found';
    node.streams.delete(known);
    this.#sweep();
    return 'done';
  }

  renameStream(file: number, name: string, target: string): string {
    const node = this.#nodes[file];
    if (node === undefined || node.gone) return 'stale';
    const known = this.#stream(node, name);
    if (known === undefined) return 'not-found';
    const there = this.#stream(node, target);
    if (there !== undefined && there !== known) return 'exists';
    const stream = node.streams.get(known) as Node;
    node.streams.delete(known);
    node.streams.set(target, stream);
    return 'done';
  }

  /** An empty value removes. */
  setAttribute(file: number, name: string, value: string): string {
    const node = this.#nodes[file];
    if (node === undefined || node.gone) return 'stale';
    if (node.kind === 'stream') return 'invalid';
    if (value === '') node.attributes.delete(name);
    else node.attributes.set(name, value);
    return 'done';
  }

  /** A line for each stream and attribute of a node, and one for each name below it: path, number, kind, links, size. */
  drawn(): string[] {
    const lines: string[] = [];
    const beside = (node: Node, path: string): void => {
      for (const [name, stream] of node.streams) {
        lines.push(`${path}:${name} ${stream.number} stream 1 ${stream.size}`);
      }
      for (const [name, value] of node.attributes) {
        lines.push(`${path}@${name} ${node.number} ${value}`);
      }
    };
    const walk = (directory: Node, path: string): void => {
      beside(directory, path);
      for (const [name, node] of directory.names) {
        lines.push(`${path}/${name} ${node.number} ${node.kind} ${this.#links(node)} ${node.size}`);
        if (node.kind === 'directory') walk(node, `${path}/${name}`);
        else beside(node, `${path}/${name}`);
      }
    };
    walk(this.#root, '');
    return lines.sort();
  }

  get #root(): Node {
    return this.#nodes[0] as Node;
  }

  #add(kind: Kind): Node {
    const maps = { names: new Map(), streams: new Map(), attributes: new Map() };
    const node = { number: this.#nodes.length, kind, size: 0, gone: false, ...maps };
    this.#nodes.push(node);
    return node;
  }

  #directory(number: number): Node | string {
    const node = this.#nodes[number];
    if (node === undefined || node.gone) return 'stale';
    return node.kind === 'directory' ? node : 'not-directory';
  }

  #isGone(number: number): boolean {
    return this.#nodes[number]?.gone !== false;
  }

  #stream(node: Node, name: string): string | undefined {
    return [...node.streams.keys()].find((known) => known.toLowerCase() === name.toLowerCase());
  }

  #below(node: Node): Node[] {
    const children = [...node.names.values()].flatMap((child) => this.#below(child));
    return [node, ...node.streams.values(), ...children];
  }

  #sweep(): void {
    const live = new Set(this.#below(this.#root));
    for (const node of this.#nodes) node.gone = !live.has(node);
  }

  #links(node: Node): number {
    if (node.kind === 'directory') {
      return 2 + [...node.names.values()].filter((child) => child.kind === 'directory').length;
    }
    return [...new Set(this.#below(this.#root))]
      .flatMap((directory) => [...directory.names.values()])
      .filter((child) => child === node).length;
  }
}
