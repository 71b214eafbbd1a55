/**
 * Mail that we write ourselves to people: from subject and text to content as the spool stores it.
 */
export type Letter = {
	readonly from: string;
	readonly to: string;
	readonly subject: string;
	readonly text: string;
	/** Without brackets. */
	readonly id: string;
	readonly atMs: number;
};

export type Composer = {
	/** CRLF, dot-stuffed, without the dot line. */
	compose(letter: Letter): Promise<Uint8Array>;
};
