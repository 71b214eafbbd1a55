/**
 * Probe domains by REST: administrators tell of one, see what came for it, and take it back.
 */
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { ProbeDto, ProbeMessageDto } from '@sluice/shared/contract/probe-operations.ts';
import { probesMax, watchProbeDomain } from '@sluice/shared/words/probe.ts';
import { ok } from '@sluice/shared/words/result.ts';
import { identityText } from '../../core/policy/judge.ts';
import type { Probe, ProbeMail } from '../../flow/probes.ts';
import { time } from './answers.ts';
import { type ApiContext, problem } from './context.ts';

function mailDto({ record, state, text }: ProbeMail): ProbeMessageDto {
	const { attribution, envelope, origin } = record;
	return {
		message: record.id,
		at: time(record.acceptedMs),
		sender: envelope.reversePath,
		recipients: envelope.recipients.map(({ address }) => address),
		...(record.subject === undefined ? {} : { subject: record.subject }),
		account: attribution.account,
		identity: identityText(attribution),
		class: attribution.class,
		certainty: attribution.certainty,
		evidence: attribution.from,
		...(attribution.directory === undefined ? {} : { directory: attribution.directory }),
		alarms: [...attribution.alarms],
		peer: origin.peerAddress,
		helo: origin.helo,
		cuts: record.cuts.length,
		state,
		text,
	};
}

const probeDto = ({ domain, sink, untilMs, mail }: Probe): ProbeDto => ({
	domain,
	...(sink === undefined ? {} : { sink }),
	until: time(untilMs),
	messages: mail.map(mailDto),
});

export function createProbeHandlers({
	flow: { probes },
}: ApiContext): Pick<OperationHandlers, 'listProbes' | 'putProbe' | 'deleteProbe'> {
	return {
		listProbes: async () => ok({ items: probes.list().map(probeDto) }),
		putProbe: async ({ params, body: { sink, seconds } }) => {
			const put = probes.put(params.domain, { seconds, ...(sink === undefined ? {} : { sink }) });
			if (put.ok) return ok(probeDto(put.value));
			return put.error === 'standing'
				? problem('invalid', `${watchProbeDomain} is always known, for root's own processes.`)
				: problem('conflict', `At most ${probesMax} probe domains are known at once. Take one back first.`);
		},
		deleteProbe: async ({ params }) => {
			const removed = probes.remove(params.domain);
			return removed === undefined ? problem('not-found', 'No such probe domain.') : ok(probeDto(removed));
		},
	};
}
