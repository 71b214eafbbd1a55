/**
 * Passwords and chance as flow needs them: the cryptography is behind this, so that a test can do without its cost.
 */
export type Passwords = {
	/** From the system's generator. */
	random(bytes: number): Uint8Array;
	/** What may be stored of a password, with the parameters that it was made with. Takes about 0.1 s of another thread. */
	hash(password: string): Promise<string>;
	/**
	 * Whether the password is the one of the hash. As long for a wrong one as for the right one, and with undefined (there is no such user) as
	 * long as with a hash: false then.
	 */
	matches(password: string, hash: string | undefined): Promise<boolean>;
	/** The same for the same texts while this process lives, and nothing that tells them. Cheap. */
	fingerprint(...texts: readonly string[]): string;
};
