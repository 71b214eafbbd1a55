import { spawn } from 'node:child_process';
import { bareServer } from './units-box.ts';

const { box } = await bareServer();
await box.writeFile(
	'/etc/systemd/system/x.service',
	'[Service]\nType=oneshot\nPrivateDevices=yes\nExecStart=/bin/true\n',
);
await box.run(['systemctl', 'daemon-reload']);
const st = spawn(
	'strace',
	[
		'-f',
		'-o',
		'/tmp/c-strace',
		'-e',
		'trace=mount,umount2,open_tree,move_mount,mount_setattr,mknod,mknodat',
		'-p',
		String(box.pid),
	],
	{ stdio: 'inherit' },
);
await new Promise((r) => setTimeout(r, 1500));
const x = await box.run(['systemctl', 'start', 'x'], { allowFailure: true });
console.log(x);
st.kill();
console.log((await box.run(['bash', '-c', 'journalctl --no-pager -u x | tail'])).stdout);
await box.stop();
