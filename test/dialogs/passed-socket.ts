/**
 * A relay port on the listening socket that the process was given as descriptor 3, as systemd does. Prints where it listens and stops when
 * its input ends. For listener.test.ts.
 */
import { startRecorder } from './recorder.ts';

const recorder = await startRecorder({ fd: 3 });
console.log(recorder.listener.address);
process.stdin.resume();
process.stdin.once('end', () => void recorder.listener.stop(1_000));
