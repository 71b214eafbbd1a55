import type {
	AccountDirectory,
	AttributionResult,
	AttributionSettings,
	SubmissionFacts,
} from "./facts.ts";

/** Who sent a submission. Never throws. */
export function attribute(
	_facts: SubmissionFacts,
	_settings: AttributionSettings,
	_directory: AccountDirectory,
): AttributionResult {
	throw new Error("not yet");
}
