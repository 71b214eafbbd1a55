/**
 * `sluice mta` on Debian's Postfix: wired, bypassed, repaired, cut off, taken out, and what it finds set already.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { boxesUnavailable } from './box.ts';
import { type PlainServer, startPlainServer } from './plain-server.ts';
import {
	done,
	goesByAgent,
	goesDirectly,
	runBypassFreesQueue,
	runCircle,
	runHandEdits,
	runKills,
	runRollback,
} from './wire-cases.ts';

const skip = (await boxesUnavailable()) ?? false;
const isLong = process.env.SLUICE_LONG === '1';
const mainCf = '/etc/postfix/main.cf';

suite("sluice mta on Debian's Postfix", { skip, concurrency: false }, () => {
	let server: PlainServer;
	before(async () => {
		server = await startPlainServer('postfix', { name: 'wire-postfix' });
	});
	after(() => server?.stop());

	test('wire, bypass, ensure, unwire', () => runCircle(server));

	test('a hand-edited file is told, repaired, and kept', () =>
		// The block goes to the end again, so the first line that differs is where it stood.
		runHandEdits(server, mainCf, { ourLine: 'smtpd_sasl_authenticated_header = yes\n', toldAt: '# BEGIN sluice' }));

	test('mail that goes another way: put back', async () => {
		const file = await server.machine.read(mainCf);
		assert.ok(file);
		await server.machine.write({ ...file, content: `${file.content}transport_maps = static:error:elsewhere\n` });
		await runRollback(server, /did not reach the agent/).finally(() => server.machine.write(file));
		await server.reload();
		await goesDirectly(server, 'rolled-back');
	});

	test('a bypass frees what waits at the MTA', () => runBypassFreesQueue(server, ['postqueue', '-j']));

	test('cut off at any act, ensure or unwire gets out of it', async () => {
		const stride = isLong ? 1 : 11;
		const wiring = await runKills(server, ['wire', '--yes'], { stride });
		const unwiring = await runKills(server, ['unwire', '--yes'], { prepare: ['wire', '--yes'], stride });
		assert.ok(wiring > 1 && unwiring > 0, `${wiring} and ${unwiring} points`);
	});

	test('a bypass that is cut off is not taken for one', async () => {
		const points = await runKills(server, ['bypass'], { prepare: ['wire', '--yes'], stride: isLong ? 1 : 12 });
		assert.ok(points > (isLong ? 3 : 0), `${points} points`);
	});

	test('a relay that is set already is not overwritten unless told, and comes back', async () => {
		const { machine, mta, treeSum } = server;
		const original = await machine.read(mainCf);
		assert.ok(original);
		await machine.write({ ...original, content: `${original.content}relayhost =\n  [relay.example.net]:587\n` });
		await server.reload();
		const sum = await treeSum();
		assert.match(done(await mta(['wire', '--yes']), 1).err, /Another relay is set.*relay\.example\.net/);
		assert.equal(await treeSum(), sum);
		done(await mta(['wire', '--yes', '--over-smarthost']));
		await goesByAgent(server, 'over-smarthost');
		assert.equal(done(await mta(['ensure'])).out, '', 'it was told once');
		done(await mta(['unwire', '--yes']));
		assert.equal(await treeSum(), sum);
		await machine.write(original);
		await server.reload();
	});

	test('filters, maps and milters are told and kept', async () => {
		const { machine, mta, treeSum } = server;
		const original = await machine.read(mainCf);
		assert.ok(original);
		const theirs = [
			'transport_maps = inline:{partner.test=smtp:[127.0.0.1]:9}',
			'smtpd_milters = inet:127.0.0.1:9',
			'milter_default_action = accept',
			'non_smtpd_milters =',
			'smtp_sasl_auth_enable = no',
		];
		await machine.write({ ...original, content: `${original.content}${theirs.join('\n')}\n` });
		await server.reload();
		const sum = await treeSum();
		assert.match(done(await mta(['wire', '--yes'])).out, /transport_maps = inline/);
		await goesByAgent(server, 'with-maps');
		const wired = (await machine.read(mainCf))?.content ?? '';
		for (const line of theirs) assert.ok(wired.includes(`\n${line}\n`), line);
		done(await mta(['unwire', '--yes']));
		assert.equal(await treeSum(), sum);

		await machine.write({ ...original, content: `${original.content}smtp_tls_security_level = encrypt\n` });
		assert.match(done(await mta(['wire', '--yes']), 1).err, /TLS is required of every server/);
		await machine.write(original);
		await server.reload();
	});
});
