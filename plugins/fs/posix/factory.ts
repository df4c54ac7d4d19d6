/** Opens folders as volumes, after a look at whether that can be. */
import { BackendError, type BackendFactory } from '#core/volume/backend.ts';
import { PosixBackend, type PosixDependencies, type PosixOptions } from './backend.ts';
import { Layout } from './layout.ts';
import { limitsOf } from './limits.ts';
import { refusal } from './status.ts';
import { claimFolder, refuseFolder } from './volume-folder.ts';

export function posixFactory(
  options: Omit<PosixOptions, 'volume'>,
  deps: PosixDependencies,
): BackendFactory {
  return {
    name: 'posix',
    check: (volume) => refuseFolder(volume, new Layout(volume.path)),
    limits(volume) {
      const layout = new Layout(volume.path);
      try {
        layout.make();
        return limitsOf(layout);
      } catch (error) {
        throw refusal(error, `limits of ${volume.path}`);
      }
    },
    open(volume, table) {
      const layout = new Layout(volume.path);
      const refused = refuseFolder(volume, layout);
      if (refused !== undefined) throw new BackendError(refused, 'io');
      try {
        const epoch = claimFolder(volume, layout);
        return new PosixBackend(layout, epoch, table, { ...options, volume: volume.volume }, deps);
      } catch (error) {
        throw refusal(error, `open ${volume.path}`);
      }
    },
  };
}
