/** Copies a tree over NFSv3 and reads it back by the handles that it was given. */
import { nameOfText } from '#core/vfs/name.ts';
import { accepted, type Nfs3Client } from '#plugins/protocol/nfs/client/nfs3-client.ts';
import { UNSTABLE } from '#plugins/protocol/nfs/v3/write.ts';
import { readSource, type Source, type SourceNode, sha256 } from './source.ts';

/** Files under way at once: a busy desktop's worth. */
const FILES_MAX = 16;
/** Bytes of one WRITE and READ. */
const CHUNK_SIZE = 64 * 1024;

export interface Copied {
  readonly node: SourceNode;
  readonly handle: Buffer;
  /** Of a file. */
  readonly sha256: string;
}

export interface Watch {
  /** Called after each file; `bytes` so far. */
  copied(files: number, bytes: number): void;
}

/** Everything that was made, by its path. Rejects with the first refusal. */
export async function copyTree(
  client: Nfs3Client,
  root: Buffer,
  source: Source,
  watch: Watch,
): Promise<readonly Copied[]> {
  const directories = new Map<string, Buffer>([['', root]]);
  const made: Copied[] = [];
  let files = 0;
  let bytes = 0;
  // Folders first, one after the other: each needs its parent's handle.
  for (const node of source.nodes) {
    if (node.kind !== 'directory') continue;
    const parent = directories.get(node.parent) ?? root;
    const name = nameOfText(node.name);
    const answer = accepted(
      `MKDIR ${node.path}`,
      await client.mkdir(parent, name, { mode: node.mode }),
    );
    const handle = kept(answer.object, node.path);
    directories.set(node.path, handle);
    made.push({ node, handle, sha256: '' });
  }
  const leaves = source.nodes.filter((node) => node.kind !== 'directory');
  await inParallel(leaves, async (node) => {
    const parent = directories.get(node.parent) ?? root;
    made.push(await copyLeaf(client, parent, source, node));
    files += 1;
    bytes += node.size;
    watch.copied(files, bytes);
  });
  return made;
}

async function copyLeaf(
  client: Nfs3Client,
  parent: Buffer,
  source: Source,
  node: SourceNode,
): Promise<Copied> {
  const name = nameOfText(node.name);
  if (node.kind === 'symlink') {
    const target = nameOfText(node.target);
    const answer = accepted(`SYMLINK ${node.path}`, await client.symlink(parent, name, target));
    return { node, handle: kept(answer.object, node.path), sha256: '' };
  }
  const set = { mode: node.mode };
  const answer = accepted(`CREATE ${node.path}`, await client.create(parent, name, 'guarded', set));
  const handle = kept(answer.object, node.path);
  const data = readSource(source, node);
  await writeAll(client, handle, node.path, data);
  const milliseconds = Math.floor(node.mtimeMs);
  const mtime = {
    seconds: Math.floor(milliseconds / 1000),
    nanoseconds: (((milliseconds % 1000) + 1000) % 1000) * 1_000_000,
  };
  accepted(`SETATTR ${node.path}`, await client.setattr(handle, { mtime }));
  return { node, handle, sha256: sha256(data) };
}

/** UNSTABLE writes and a COMMIT; sent again where the verifier says that a server lost them (RFC 1813 §3.3.21). */
async function writeAll(
  client: Nfs3Client,
  handle: Buffer,
  path: string,
  data: Buffer,
): Promise<void> {
  for (;;) {
    const verifiers = new Set<string>();
    for (let offset = 0; offset < data.length; ) {
      const chunk = data.subarray(offset, offset + CHUNK_SIZE);
      const answer = accepted(`WRITE ${path}`, await client.write(handle, offset, chunk, UNSTABLE));
      verifiers.add(answer.verifier.toString('hex'));
      offset += answer.count;
    }
    const commit = accepted(`COMMIT ${path}`, await client.commit(handle));
    verifiers.add(commit.verifier.toString('hex'));
    if (verifiers.size === 1) return;
  }
}

/** Sentences on what is not as it was copied. */
export async function readBack(
  client: Nfs3Client,
  copied: readonly Copied[],
  watch: Watch,
): Promise<readonly string[]> {
  const differences: string[] = [];
  let files = 0;
  let bytes = 0;
  await inParallel(copied, async ({ node, handle, sha256: before }) => {
    if (node.kind === 'symlink') {
      const answer = accepted(`READLINK ${node.path}`, await client.readlink(handle));
      if (answer.target !== nameOfText(node.target))
        differences.push(`${node.path}: target differs`);
      return;
    }
    const { attributes } = accepted(`GETATTR ${node.path}`, await client.getattr(handle));
    if ((attributes?.mode ?? 0) !== node.mode) differences.push(`${node.path}: mode differs`);
    if (node.kind === 'directory') return;
    const after = sha256(await readAll(client, handle, node.path));
    if (after !== before) differences.push(`${node.path}: SHA-256 was ${before}, is ${after}`);
    files += 1;
    bytes += node.size;
    watch.copied(files, bytes);
  });
  return differences;
}

async function readAll(client: Nfs3Client, handle: Buffer, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let offset = 0; ; ) {
    const answer = accepted(`READ ${path}`, await client.read(handle, offset, CHUNK_SIZE));
    chunks.push(answer.data);
    offset += answer.data.length;
    if (answer.eof) return Buffer.concat(chunks);
  }
}

function kept(handle: Buffer | undefined, path: string): Buffer {
  if (handle === undefined) throw new Error(`${path}: no handle in the answer`);
  return Buffer.from(handle);
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const runner = async (): Promise<void> => {
    for (let item = items[next]; item !== undefined; item = items[next]) {
      next += 1;
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: FILES_MAX }, runner));
}
