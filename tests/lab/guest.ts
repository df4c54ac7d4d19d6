/** A Linux kernel in qemu with its network card on the lab's bridge. It runs one script, whose output is its console. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archive, guestImage } from './guest-image.ts';
import type { BridgeNetwork } from './network.ts';

const ADDRESS = '10.77.0.101/24';
const MAC = '52:54:00:77:01:01';
const MEMORY_MB = 384;

export class Guest {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<unknown>;
  readonly #waiting: { readonly what: RegExp; done(line: string): void }[] = [];
  /** What stood on its console, a line each. */
  readonly console: string[] = [];

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    this.#ended = once(child, 'exit');
    let rest = '';
    child.stdout?.on('data', (bytes) => {
      const lines = (rest + String(bytes)).replaceAll('\r', '').split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#read(line);
    });
  }

  static start(net: BridgeNetwork, script: string): Guest {
    const image = guestImage();
    const folder = mkdtempSync(join(tmpdir(), 'understudy-guest-'));
    const added = join(folder, 'added');
    mkdirSync(added);
    writeFileSync(join(added, 'script'), script);
    const initrd = join(folder, 'initrd');
    writeFileSync(initrd, Buffer.concat([readFileSync(image.initrd), archive(added)]));
    const program = net.programAtSwitch({
      command: 'qemu-system-x86_64',
      args: [
        // In software, which every machine can do.
        ...['-accel', 'tcg', '-cpu', 'max', '-m', String(MEMORY_MB)],
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-serial', 'stdio'],
        ...['-kernel', image.kernel, '-initrd', initrd],
        ...['-append', `console=ttyS0 quiet panic=-1 mitigations=off address=${ADDRESS}`],
        ...['-netdev', `tap,id=n0,ifname=${net.makeTap()},script=no,downscript=no`],
        ...['-device', `virtio-net-pci,netdev=n0,mac=${MAC},romfile=`],
      ],
    });
    const child = spawn(program.command, program.args, { stdio: ['pipe', 'pipe', 'inherit'] });
    return new Guest(child, folder);
  }

  /** Resolves with the first line that matches, past or to come; rejects when the guest ends or takes too long. */
  async says(what: RegExp, limitMs: number): Promise<string> {
    const said = this.console.find((line) => what.test(line));
    if (said !== undefined) return said;
    const late = Symbol('late');
    const line = await Promise.race([
      new Promise<string>((done) => this.#waiting.push({ what, done })),
      this.#ended.then(() => late),
      new Promise((done) => setTimeout(done, limitMs, late).unref()),
    ]);
    if (typeof line === 'string') return line;
    throw new Error(`guest: said nothing like ${what}:\n${this.console.slice(-30).join('\n')}`);
  }

  /** A line for whatever reads its console. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGKILL');
      await this.#ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #read(line: string): void {
    this.console.push(line);
    for (const [index, { what, done }] of [...this.#waiting.entries()].reverse()) {
      if (!what.test(line)) continue;
      this.#waiting.splice(index, 1);
      done(line);
    }
  }
}
