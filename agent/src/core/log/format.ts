/**
 * The format of the spool log, byte by byte. Version 1.
 *
 * The log is a folder of segments `0000000001.log`, `0000000002.log`, … A segment is a header block of 4096 bytes and then
 * records without gaps. All numbers are little-endian. Lengths and offsets are 32 bits: a segment is under 4 GiB.
 *
 * Segment header, 40 bytes, written at byte 0 and again at byte 2048, so that one bad sector does not blind a whole segment:
 *
 *     0  magic       8 bytes  "SluiceSg"
 *     8  version     u16
 *    10  flags       u16      bit 0: the file was used before, old bytes may stand behind the tail
 *                            bit 1: everything below previousEnd was acknowledged, so a gap there is damage
 *    12  salt        u32      random; every record of the segment repeats it
 *    16  segment     u32      its own number, from 1
 *    20  previous    u32      number of the segment that was written before it, 0 for none
 *    24  previousEnd u32      where that one ends: whatever stands behind it there was never acknowledged and is void
 *    28  createdMs   f64      epoch milliseconds
 *    36  crc         u32      crc32 of bytes 0–35
 *
 * Record, 44 bytes, then `metaLength` bytes of JSON in UTF-8, then `bodyLength` bytes of content:
 *
 *     0  magic       u32
 *     4  version     u8
 *     5  kind        u8       1 message, 2 transitions
 *     6  flags       u16      0
 *     8  salt        u32      the segment's
 *    12  segment     u32      the segment's number
 *    16  offset      u32      where this record begins in the segment
 *    20  durable     u32      up to where the segment was on the disk when this record was written
 *    24  metaLength  u32
 *    28  bodyLength  u32
 *    32  metaCrc     u32
 *    36  bodyCrc     u32
 *    40  headerCrc   u32      crc32 of bytes 0–39
 *
 * Why each record repeats salt, segment and offset: segments are recycled by overwriting, so complete old records stand behind
 * the tail; and a customer may mail a copy of a log. Neither is ever taken for a record of this log at this place. `durable`
 * tells a torn write from a damaged disk: what a later record calls durable was acknowledged, and a body there need not be
 * read again at start.
 *
 * Meta of a message: `{record, statuses?, reported?}`; of transitions: an array of transitions.
 *
 * Pure; crc32 is passed in. Not here: files, JSON, what the records mean.
 */

export const formatVersion = 1;
export const segmentHeaderBytes = 4096;
export const recordHeaderBytes = 44;
/** Bound of the JSON of one record. */
export const metaBytesMax = 32 * 1024 * 1024;
/** Bound of a whole record. */
export const recordBytesMax = 2 ** 31 - segmentHeaderBytes - 1;

/** crc32 (IEEE 802.3), as zlib computes it. */
export type Crc = (bytes: Uint8Array) => number;

export type RecordKind = 'message' | 'transitions';

export type SegmentHeader = {
	readonly segment: number;
	readonly salt: number;
	/** Old bytes may stand behind the tail. */
	readonly isRecycled: boolean;
	/** 0: none. */
	readonly previous: number;
	readonly previousEnd: number;
	/** Everything below it was acknowledged: the same process wrote on. */
	readonly isPreviousAcknowledged: boolean;
	readonly createdMs: number;
};

/** Where a record is to stand, and what was durable before it. */
export type RecordPlace = {
	readonly segment: number;
	readonly salt: number;
	readonly offset: number;
	readonly durable: number;
};

export type RecordHeader = RecordPlace & {
	readonly kind: RecordKind;
	readonly metaLength: number;
	readonly bodyLength: number;
	readonly metaCrc: number;
	readonly bodyCrc: number;
};

const segmentMagic = [0x53, 0x6c, 0x75, 0x69, 0x63, 0x65, 0x53, 0x67] as const;
/** Bytes that no text and no UTF-8 contains, so that a search for it seldom stops in vain. */
export const recordMagic = [0xd3, 0xff, 0x4c, 0xfe] as const;
const recordMagicNumber = 0xfe4cffd3;
const headerCopyOffset = 2048;
const headerFieldBytes = 40;
const recycledFlag = 1;
const acknowledgedFlag = 2;

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The header block of a segment, `segmentHeaderBytes` long. */
export function encodeSegmentHeader(header: SegmentHeader, crc: Crc): Uint8Array {
	const block = new Uint8Array(segmentHeaderBytes);
	const view = viewOf(block);
	block.set(segmentMagic, 0);
	view.setUint16(8, formatVersion, true);
	const flags = (header.isRecycled ? recycledFlag : 0) | (header.isPreviousAcknowledged ? acknowledgedFlag : 0);
	view.setUint16(10, flags, true);
	view.setUint32(12, header.salt, true);
	view.setUint32(16, header.segment, true);
	view.setUint32(20, header.previous, true);
	view.setUint32(24, header.previousEnd, true);
	view.setFloat64(28, header.createdMs, true);
	view.setUint32(36, crc(block.subarray(0, 36)), true);
	block.copyWithin(headerCopyOffset, 0, headerFieldBytes);
	return block;
}

/** Which version of the format wrote a segment, by its header block; undefined when neither copy is whole. Later versions are known too. */
export function segmentVersion(block: Uint8Array, crc: Crc): number | undefined {
	for (const start of [0, headerCopyOffset]) {
		const view = wholeCopy(block, start, crc);
		if (view !== undefined) return view.getUint16(8, true);
	}
	return undefined;
}

function wholeCopy(block: Uint8Array, start: number, crc: Crc): DataView | undefined {
	const copy = block.subarray(start, start + headerFieldBytes);
	if (copy.length < headerFieldBytes || segmentMagic.some((byte, index) => copy[index] !== byte)) return undefined;
	const view = viewOf(copy);
	return view.getUint32(36, true) === crc(copy.subarray(0, 36)) ? view : undefined;
}

/**
 * Reads a segment's header block: its first copy, else its second.
 * `newer`: whole, but written by a later version of the format, which must not be taken for damage.
 */
export function decodeSegmentHeader(block: Uint8Array, crc: Crc): SegmentHeader | 'damaged' | 'newer' {
	for (const start of [0, headerCopyOffset]) {
		const view = wholeCopy(block, start, crc);
		if (view === undefined) continue;
		if (view.getUint16(8, true) > formatVersion) return 'newer';
		return {
			isRecycled: (view.getUint16(10, true) & recycledFlag) !== 0,
			isPreviousAcknowledged: (view.getUint16(10, true) & acknowledgedFlag) !== 0,
			salt: view.getUint32(12, true),
			segment: view.getUint32(16, true),
			previous: view.getUint32(20, true),
			previousEnd: view.getUint32(24, true),
			createdMs: view.getFloat64(28, true),
		};
	}
	return 'damaged';
}

/** Fills in what is known of a record before its place is: the record's bytes are header, meta, body, already in `record`. */
export function describeRecord(record: Uint8Array, kind: RecordKind, metaLength: number, crc: Crc): void {
	const view = viewOf(record);
	const bodyStart = recordHeaderBytes + metaLength;
	view.setUint32(0, recordMagicNumber, true);
	view.setUint8(4, formatVersion);
	view.setUint8(5, kind === 'message' ? 1 : 2);
	view.setUint16(6, 0, true);
	view.setUint32(24, metaLength, true);
	view.setUint32(28, record.length - bodyStart, true);
	view.setUint32(32, crc(record.subarray(recordHeaderBytes, bodyStart)), true);
	view.setUint32(36, crc(record.subarray(bodyStart)), true);
}

/** Gives a described record its place and seals its header. May be done again for another place. */
export function placeRecord(record: Uint8Array, place: RecordPlace, crc: Crc): void {
	const view = viewOf(record);
	view.setUint32(8, place.salt, true);
	view.setUint32(12, place.segment, true);
	view.setUint32(16, place.offset, true);
	view.setUint32(20, place.durable, true);
	view.setUint32(40, crc(record.subarray(0, 40)), true);
}

/** The record header in these bytes, wherever it claims to stand; undefined when it is not a whole one. */
export function decodeRecordHeader(bytes: Uint8Array, crc: Crc): RecordHeader | undefined {
	if (bytes.length < recordHeaderBytes) return undefined;
	const view = viewOf(bytes);
	if (view.getUint32(0, true) !== recordMagicNumber || view.getUint8(4) !== formatVersion) return undefined;
	if (view.getUint32(40, true) !== crc(bytes.subarray(0, 40))) return undefined;
	const kind = view.getUint8(5);
	const metaLength = view.getUint32(24, true);
	if ((kind !== 1 && kind !== 2) || metaLength > metaBytesMax) return undefined;
	return {
		kind: kind === 1 ? 'message' : 'transitions',
		salt: view.getUint32(8, true),
		segment: view.getUint32(12, true),
		offset: view.getUint32(16, true),
		durable: view.getUint32(20, true),
		metaLength,
		bodyLength: view.getUint32(28, true),
		metaCrc: view.getUint32(32, true),
		bodyCrc: view.getUint32(36, true),
	};
}

/** Whole length of a record. */
export const recordBytes = (header: RecordHeader): number => recordHeaderBytes + header.metaLength + header.bodyLength;

/** Whether the record belongs to this segment and stands where it says. */
export const standsAt = (header: RecordHeader, place: { segment: number; salt: number; offset: number }): boolean =>
	header.segment === place.segment && header.salt === place.salt && header.offset === place.offset;

const segmentDigits = 10;

/** `7, 'log'` → `0000000007.log`. */
export const segmentName = (segment: number, suffix: 'log' | 'new' | 'spare' | 'damaged'): string =>
	`${String(segment).padStart(segmentDigits, '0')}.${suffix}`;

/** The number in `0000000007.log`; undefined for other names. */
export function segmentOfName(name: string, suffix: 'log' | 'new' | 'spare' | 'damaged'): number | undefined {
	const match = /^(\d{10})\.([a-z]+)$/.exec(name);
	return match !== null && match[2] === suffix ? Number(match[1]) : undefined;
}
