/**
 * How much of what a stranger's zone names we look at in one attempt.
 *
 * A zone can name hundreds of hosts with hundreds of addresses each. An attempt that tried them all would keep a connection slot
 * for hours; the next attempt starts over anyway, in another order.
 */

/** MX records looked at, after ordering. */
export const mxHostsMax = 20;
/**
 * Hosts whose addresses are asked for at once; the next ones only when these gave too few. A zone that names twenty hosts nobody
 * answers for would else put forty questions of each of its deliveries in front of everybody's.
 */
export const mxHostsAskedAtOnce = 5;
/** Addresses of one host, of both families together. */
export const addressesPerHostMax = 6;
/** Addresses dialled in one attempt before the recipients are deferred. */
export const addressesPerAttemptMax = 8;
/** RFC 1035 §2.3.4. */
export const domainCharsMax = 253;
export const labelCharsMax = 63;
