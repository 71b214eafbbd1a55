/**
 * Probe messages: mail that shows the way to the agent and leaves the machine never.
 *
 * Below `.invalid` (RFC 2606 §2: no such domain will ever be). A domain of this kind is something only while the agent was told of it;
 * otherwise mail for it goes the way of all mail, and ends with the answer that there is no such domain.
 */

/** Every probe domain is one label before this. */
export const probeParent = 'probe.sluice.invalid';

/** Always known, for root's own processes alone: it is stored and then dropped. What watches the agent sends there. */
export const watchProbeDomain = `watch.${probeParent}`;

/** Of a domain in lower case. */
export const probeDomainShape = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.probe\.sluice\.invalid$/;

/** `domain` in lower case. */
export const isProbeDomain = (domain: string): boolean => probeDomainShape.test(domain);

/** Domains known at once, and messages taken for one of them. */
export const probesMax = 16;
export const probeMessagesMax = 64;
export const probeSecondsMax = 600;
