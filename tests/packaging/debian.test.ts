/** The Debian package: what is in it, where, and that it is the same each time. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as assert from 'uvu/assert';
import { debName, makeDeb } from '#packaging/debian/deb.ts';
import { VERSION } from '#packaging/version.ts';
import { inFolder } from '../integration/lone-box.ts';
import { installed } from '../integration/run-command.ts';
import { suite } from '../support/suite.ts';

const test = suite('packaging/debian', { secondsMax: 20 });

const SOURCES = resolve(import.meta.dirname, '../../packaging/debian');

if (installed('dpkg-deb') === undefined) {
  test.skip('the package', 'dpkg-deb is not installed');
} else {
  test('an executable, two units, the licences; twice the same bytes', () =>
    inFolder(async (folder) => {
      const first = make(join(folder, 'first'));
      const second = make(join(folder, 'second'));
      assert.ok(readFileSync(first).equals(readFileSync(second)));
      const fields = dpkg('--field', first);
      assert.match(fields, /^Package: understudy$/m);
      assert.match(fields, new RegExp(`^Version: ${VERSION}$`, 'm'));
      assert.match(fields, /^Architecture: arm64$/m);
      const rows = dpkg('--contents', first).trim().split('\n');
      const files = rows.filter((row) => !row.startsWith('d')).map((row) => row.split(/\s+/));
      assert.equal(
        files.map(([mode, owner, , , , path]) => `${mode} ${owner} ${path}`),
        [
          '-rw-r--r-- root/root ./lib/systemd/system/understudy-witness.service',
          '-rw-r--r-- root/root ./lib/systemd/system/understudy.service',
          '-rwxr-xr-x root/root ./usr/bin/understudy',
          '-rw-r--r-- root/root ./usr/share/doc/understudy/copyright',
        ],
      );
    }));

  test('its scripts are understood by any sh, and remove nothing', () => {
    for (const script of ['postinst', 'prerm', 'postrm']) {
      const path = join(SOURCES, script);
      execFileSync('sh', ['-n', path]);
      assert.not.match(readFileSync(path, 'utf8'), /\brm\b/);
    }
  });
}

test('the units name the state directories that the program is told', () => {
  for (const [unit, command] of [
    ['understudy', 'serve'],
    ['understudy-witness', 'witness'],
  ]) {
    const text = readFileSync(join(SOURCES, `${unit}.service`), 'utf8');
    const line = `ExecStart=/usr/bin/understudy ${command} --dir /var/lib/${unit}`;
    for (const wanted of [line, `StateDirectory=${unit}`, 'Type=notify']) {
      assert.ok(text.split('\n').includes(wanted), `${unit}: ${wanted}`);
    }
  }
});

if (installed('systemd-analyze') === undefined) {
  test.skip('units as systemd reads them', 'systemd-analyze is not installed');
} else {
  test('systemd finds nothing wrong with the units', () => {
    for (const unit of ['understudy.service', 'understudy-witness.service']) {
      let said = '';
      try {
        execFileSync('systemd-analyze', ['verify', join(SOURCES, unit)], { stdio: 'pipe' });
      } catch (cause) {
        said = String((cause as { readonly stderr: Buffer }).stderr);
      }
      const complaints = said
        .split('\n')
        .filter((line) => line.includes('understudy') && !line.includes('is not executable'));
      assert.equal(complaints, []);
    }
  });
}

function make(folder: string): string {
  mkdirSync(folder);
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const executable = write('understudy', 'no program\n');
  const licences = write('licences', 'all of them\n');
  const made = makeDeb({ architecture: 'arm64', executable, licences, folder });
  assert.is(made, join(folder, debName('arm64')));
  return made;
}

function dpkg(...args: readonly string[]): string {
  return execFileSync('dpkg-deb', args, { encoding: 'utf8' });
}
