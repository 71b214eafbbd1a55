/**
 * The panel's own limits of outgoing mail, which the MTA enforces before it gives us anything: for each domain, and what is over is
 * discarded.
 *
 * They stand beside ours and are none of ours: we can neither make such mail wait nor bring it back. So wherever they are shown it is
 * said that they discard, and whether they come before ours.
 */
import type { LimitRule } from './limits.ts';

export type PanelLimits = {
	/** Messages an hour of each domain. */
	readonly hourMessages?: number | undefined;
	/** Share of failed and deferred mail of a domain in an hour, beyond which all of it is discarded. */
	readonly failPercent?: number | undefined;
};

type Told = {
	readonly panelHourMessages?: number | null | undefined;
	readonly panelFailPercent?: number | null | undefined;
};

/** Of an account, as its panel tells it; undefined: the panel has none. */
export function panelLimitsOf({ panelHourMessages, panelFailPercent }: Told): PanelLimits | undefined {
	if (panelHourMessages == null && panelFailPercent == null) return undefined;
	return {
		...(panelHourMessages == null ? {} : { hourMessages: panelHourMessages }),
		...(panelFailPercent == null ? {} : { failPercent: panelFailPercent }),
	};
}

/** Rules that the panel's number of an hour stands beside. */
export const isBesidePanel = (rule: LimitRule): boolean => rule === 'hour.recipients' || rule === 'hour.messages';

/**
 * Does the panel's number meet a sender before ours does? `ours`: what is in force here. A message has at least one recipient, so a
 * smaller number of messages is met first whatever is counted.
 */
export const comesFirst = (
	{ hourMessages }: PanelLimits,
	ours: readonly { readonly rule: LimitRule; readonly value: number }[],
): boolean =>
	hourMessages !== undefined && ours.every(({ rule, value }) => !isBesidePanel(rule) || hourMessages < value);

/** `300 messages an hour for each domain, or 60 % of a domain’s mail in an hour failed or deferred` */
export function panelLimitsText({ hourMessages, failPercent }: PanelLimits): string {
	return [
		...(hourMessages === undefined ? [] : [`${hourMessages.toLocaleString('en')} messages an hour for each domain`]),
		...(failPercent === undefined ? [] : [`${failPercent} % of a domain’s mail in an hour failed or deferred`]),
	].join(', or ');
}
