/** What a panel calls things; the catalogue (strings.ts) is worded with it. */
export type PanelWords = {
	/** `account`, in Plesk `subscription`. */
	readonly account: string;
	readonly accounts: string;
	/** The panel, as its users call it: `cPanel`; for servers without one `your own system`. */
	readonly panel: string;
	/** The mail server in front: `Exim`, `Postfix`, else `the mail server`. */
	readonly mta: string;
};
