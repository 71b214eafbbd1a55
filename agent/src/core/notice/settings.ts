/** Who is told of limits by mail, and from whom. */
export type NoticeSettings = {
	/** Administrators. */
	readonly to: readonly string[];
	readonly from: string;
	readonly owners: boolean;
	readonly senders: boolean;
	readonly zone: string;
};
