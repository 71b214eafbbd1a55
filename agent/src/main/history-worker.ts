/**
 * Entry of the query thread.
 */
import { runHistoryThread } from '../io/store/history-thread.ts';

runHistoryThread();
