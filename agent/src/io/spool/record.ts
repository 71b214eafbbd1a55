/**
 * Records of the log as bytes: JSON meta and body in one buffer, and back.
 *
 * The body is copied into the record's own buffer. The chunks it comes in are views of large network buffers; keeping those
 * would keep many times the message's size in memory, and the copy (20 µs at 200 kB) makes the write and the checksum simple.
 */
import { crc32 } from 'node:zlib';
import type { MessageRecord, RecipientStatus, Transition } from '@sluice/shared/words/message.ts';
import {
	decodeRecordHeader,
	describeRecord,
	metaBytesMax,
	recordBytes,
	recordBytesMax,
	recordHeaderBytes,
} from '../../core/log/format.ts';
import type { BodyRef, LogEntry, Reported, StoredMessage } from '../../ports/spool.ts';

export const crc = (bytes: Uint8Array): number => crc32(bytes);

/** What a message's meta holds. */
export type MessageMeta = {
	readonly record: MessageRecord;
	readonly statuses?: readonly RecipientStatus[];
	readonly reported?: Reported;
};

export type EncodedMessage = {
	readonly bytes: Buffer;
	readonly body: Uint8Array;
};

/** A rejection of the spool itself, beside system errors. */
export type SpoolErrorCode = 'ESPOOLDAMAGED' | 'ESPOOLSTOPPED' | 'ESPOOLBUSY' | 'ESPOOLRECORD' | 'ESPOOLNEWER';

export function spoolError(code: SpoolErrorCode, message: string): Error & { readonly code: SpoolErrorCode } {
	return Object.assign(new Error(message), { code });
}

/** Bytes of a message's record, without its place yet. Throws ESPOOLRECORD beyond the bounds. */
export function encodeMessage(meta: MessageMeta, body: readonly Uint8Array[]): EncodedMessage {
	const json = JSON.stringify(meta);
	const metaLength = Buffer.byteLength(json);
	let bodyLength = 0;
	for (const chunk of body) bodyLength += chunk.length;
	checkBounds(metaLength, bodyLength);
	// allocUnsafeSlow: the cache keeps it, and it must not keep a shared slab.
	const bytes = Buffer.allocUnsafeSlow(recordHeaderBytes + metaLength + bodyLength);
	bytes.write(json, recordHeaderBytes);
	let end = recordHeaderBytes + metaLength;
	for (const chunk of body) {
		bytes.set(chunk, end);
		end += chunk.length;
	}
	describeRecord(bytes, 'message', metaLength, crc);
	return { bytes, body: bytes.subarray(recordHeaderBytes + metaLength) };
}

/** Bytes of a record of transitions, without its place yet. Throws ESPOOLRECORD beyond the bounds. */
export function encodeTransitions(transitions: readonly Transition[]): Buffer {
	const json = JSON.stringify(transitions);
	const metaLength = Buffer.byteLength(json);
	checkBounds(metaLength, 0);
	const bytes = Buffer.allocUnsafe(recordHeaderBytes + metaLength);
	bytes.write(json, recordHeaderBytes);
	describeRecord(bytes, 'transitions', metaLength, crc);
	return bytes;
}

function checkBounds(metaLength: number, bodyLength: number): void {
	if (metaLength <= metaBytesMax && recordHeaderBytes + metaLength + bodyLength <= recordBytesMax) return;
	throw spoolError('ESPOOLRECORD', `record too large for the log: ${metaLength} bytes of meta, ${bodyLength} of body`);
}

/** The entry that a meta text says. Throws when it is not JSON, which a right checksum rules out. */
export function entryOf(kind: LogEntry['kind'], meta: string, ref: BodyRef): LogEntry {
	if (kind === 'transitions') return { kind, transitions: JSON.parse(meta) as readonly Transition[] };
	return { kind, ...(JSON.parse(meta) as MessageMeta), ref };
}

/** A message read back whole. Throws ESPOOLDAMAGED when any checksum or the place is wrong. */
export function decodeMessage(bytes: Buffer, ref: BodyRef): StoredMessage {
	const header = decodeRecordHeader(bytes, crc);
	const where = `segment ${ref.segment} offset ${ref.offset}`;
	if (header === undefined || header.segment !== ref.segment || header.offset !== ref.offset)
		throw spoolError('ESPOOLDAMAGED', `no record of the log at ${where}`);
	if (header.kind !== 'message' || recordBytes(header) !== ref.bytes || bytes.length !== ref.bytes)
		throw spoolError('ESPOOLDAMAGED', `not the message that was expected at ${where}`);
	const bodyStart = recordHeaderBytes + header.metaLength;
	const meta = bytes.subarray(recordHeaderBytes, bodyStart);
	const body = bytes.subarray(bodyStart);
	if (crc(meta) !== header.metaCrc || crc(body) !== header.bodyCrc)
		throw spoolError('ESPOOLDAMAGED', `checksum does not match at ${where}`);
	return {
		record: (JSON.parse(meta.toString('utf8')) as MessageMeta).record,
		body,
	};
}
