/**
 * What a native binary asks of the server's libraries: the symbol versions that its dynamic linker must find (GLIBC_2.28,
 * GLIBCXX_3.4.25 …). A binary that asks for more than a server has does not start there, and nothing before shows it.
 *
 * Reads the section `.gnu.version_r` of 64-bit little-endian ELF; no tool is needed. Source: elf(5), Linux Standard Base, "Symbol
 * Versioning" §10.7.2.
 */

/** SHT_GNU_verneed */
const neededVersions = 0x6ffffffe;

export const isElf = (content: Buffer): boolean => content.length >= 64 && content.readUInt32BE(0) === 0x7f454c46;

/** Names of all needed versions, each once, sorted. Throws for an ELF file of another machine's kind. */
export function neededSymbolVersions(content: Buffer): readonly string[] {
	if (!isElf(content)) throw new Error('not an ELF file');
	if (content[4] !== 2 || content[5] !== 1) throw new Error('not a 64-bit little-endian ELF file');
	const sectionsAt = Number(content.readBigUInt64LE(0x28));
	const sectionBytes = content.readUInt16LE(0x3a);
	const sectionCount = content.readUInt16LE(0x3c);
	const section = (index: number) => {
		const at = sectionsAt + index * sectionBytes;
		return {
			type: content.readUInt32LE(at + 4),
			offset: Number(content.readBigUInt64LE(at + 24)),
			link: content.readUInt32LE(at + 40),
			/** For needed versions: how many libraries. */
			info: content.readUInt32LE(at + 44),
		};
	};
	const names = new Set<string>();
	for (let index = 0; index < sectionCount; index++) {
		const { type, offset, link, info } = section(index);
		if (type !== neededVersions) continue;
		const textAt = section(link).offset;
		for (const name of namesOf(content, { offset, libraries: info, textAt })) names.add(name);
	}
	return [...names].sort();
}

function* namesOf(
	content: Buffer,
	where: { readonly offset: number; readonly libraries: number; readonly textAt: number },
): Generator<string> {
	let library = where.offset;
	for (let left = where.libraries; left > 0; left--) {
		let version = library + content.readUInt32LE(library + 8);
		for (let more = content.readUInt16LE(library + 2); more > 0; more--) {
			const at = where.textAt + content.readUInt32LE(version + 8);
			yield content.toString('latin1', at, content.indexOf(0, at));
			version += content.readUInt32LE(version + 12);
		}
		library += content.readUInt32LE(library + 12);
	}
}

/** Numbers between points are compared as numbers: 2.9 is before 2.28. */
export function compareVersions(one: string, other: string): number {
	const [left, right] = [one, other].map((version) => version.split('.').map(Number)) as [number[], number[]];
	for (let index = 0; index < Math.max(left.length, right.length); index++) {
		const difference = (left[index] ?? 0) - (right[index] ?? 0);
		if (difference !== 0) return difference;
	}
	return 0;
}

/** The highest version of one family (`GLIBC`, `GLIBCXX`, `CXXABI`, `GCC`) among the needed, or undefined when none is. */
export function highestNeeded(versions: readonly string[], family: string): string | undefined {
	return versions
		.filter((name) => name.startsWith(`${family}_`))
		.map((name) => name.slice(family.length + 1))
		.filter((version) => /^\d+(\.\d+)*$/.test(version))
		.sort(compareVersions)
		.at(-1);
}
