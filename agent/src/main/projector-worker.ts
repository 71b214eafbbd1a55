/**
 * Entry of the projector's thread: the store follows the log through the spool's reader.
 */
import { readEntries } from '../io/spool/reader.ts';
import { runProjectorThread } from '../io/store/projector-thread.ts';

runProjectorThread(readEntries);
