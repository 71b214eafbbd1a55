/** Why a command does not do what was asked, as a value: what stands in the way, and what to do about it. */
export type Refusal = {
	/** Stable: `smarthost`, `agent-silent`, `panel` … */
	readonly code: string;
	readonly text: string;
	readonly hint: string;
};
