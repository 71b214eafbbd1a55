/**
 * When counts are young: less than a week of them, so that nothing watched can be judged and what was before is still worth telling.
 */
import type { VolumeDto } from '../../contract/view-operations.ts';

/** What has only been watched for so long can be judged. */
export const watchedMs = 7 * 86_400_000;

/** Whether there are counts of less than a week. */
export const isBeginning = ({ since }: VolumeDto, nowMs: number): boolean => nowMs - Date.parse(since) < watchedMs;
