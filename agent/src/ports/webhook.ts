/**
 * One POST to somebody's server, and what came of it.
 */
export type WebhookRequest = {
	readonly url: string;
	readonly body: string;
	readonly headers: { readonly [name: string]: string };
};

export type WebhookAnswer =
	| { readonly ok: true; readonly status: number }
	/** `status`: it answered, and not with 2xx. `isRefusedByUs`: the address is none that we speak to. */
	| { readonly ok: false; readonly status?: number; readonly text: string; readonly isRefusedByUs?: boolean };

export type WebhookPoster = {
	/** Never rejects; ends within its own bound. */
	post(request: WebhookRequest): Promise<WebhookAnswer>;
	/** Why a URL would not be posted to, as far as its name can be looked up now; undefined: nothing speaks against it. */
	refusal(url: string): Promise<string | undefined>;
	/** HMAC-SHA256, hexadecimal. */
	sign(secret: string, text: string): string;
	stop(): void;
};
