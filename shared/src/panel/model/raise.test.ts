import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountDto, NearestDto } from '../../contract/account-operations.ts';
import type { EffectiveDto, LimitsDto, LimitsView } from '../../contract/limit-shapes.ts';
import type { OneAccount } from '../read.ts';
import { raisedRule, suggestedFor } from './raise.ts';

const effective = (rule: EffectiveDto['rule'], value: number): EffectiveDto => ({
	rule,
	unit: 'recipients',
	value,
	mode: 'enforce',
	origin: { level: 'plan', id: 'Shop', name: 'plan Shop' },
	text: '',
});

function one({
	limits = [effective('hour.recipients', 400)],
	used = 0,
	waiting = 0,
	nearest,
	resellerAllows,
}: {
	readonly limits?: EffectiveDto[];
	readonly used?: number;
	readonly waiting?: number;
	readonly nearest?: NearestDto;
	readonly resellerAllows?: number;
} = {}): OneAccount {
	const account = {
		key: 'shopmoda',
		name: 'shopmoda',
		reseller: 'nordweb',
		usage: [{ rule: 'hour.recipients', window: 'hour', unit: 'recipients', used, waiting }],
		...(nearest === undefined ? {} : { nearest }),
	} as unknown as AccountDto;
	const base = { mode: 'enforce', hour: { recipients: resellerAllows }, author: '', set: '' } as unknown as LimitsDto;
	const pool: LimitsView = { level: 'reseller', id: 'nordweb', base, effective: [], wouldHave: [] };
	return {
		account,
		view: { level: 'account', id: 'shopmoda', effective: limits, wouldHave: [] },
		book: new Map(resellerAllows === undefined ? [] : [['reseller:nordweb', pool]]),
	};
}

test('the number offered is twice the limit, or enough for what waits, and round', () => {
	assert.equal(suggestedFor(one(), 'hour.recipients'), 800);
	assert.equal(suggestedFor(one({ used: 400, waiting: 2028 }), 'hour.recipients'), 2700);
	assert.equal(suggestedFor(one({ limits: [effective('hour.recipients', 0)] }), 'hour.recipients'), 10);
});

test('a parent bounds what is offered', () => {
	assert.equal(suggestedFor(one({ resellerAllows: 600 }), 'hour.recipients'), 600);
});

test('the limit that is nearest to its end is raised; without any there is none to raise', () => {
	const nearest = { rule: 'day.recipients', used: 990, value: 1000, mode: 'enforce', isNear: true } as const;
	const limits = [effective('hour.recipients', 400), effective('day.recipients', 1000)];
	assert.equal(raisedRule(one({ limits, nearest })), 'day.recipients');
	assert.equal(raisedRule(one({ limits, nearest: { ...nearest, mode: 'monitor' } })), 'hour.recipients');
	assert.equal(raisedRule(one({ limits }), 'day.recipients'), 'day.recipients');
	assert.equal(raisedRule(one({ limits: [] })), undefined);
});
