/** Addresses that many pages lead to. Every other path is written where it is led to. */

export const accountPath = (base: string, key: string): string => `${base}/accounts/${encodeURIComponent(key)}`;
