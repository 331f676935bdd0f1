// dist/core/failures.js
const exitCodes = {
	ok: 0,
	unexpected: 1,
	usage: 2,
	loginRequired: 3,
	locked: 4,
	unavailable: 5,
	denied: 6,
	noAgent: 7,
	refused: 8,
	storage: 9,
	cancelled: 130
};
const row = (status, exitCode, hint) => ({
	status,
	exitCode,
	hint
});
const table = {
	bad_request: row(400, exitCodes.usage, "see `authsock help` or protocol/README.md for what is accepted"),
	not_found: row(404, exitCodes.usage, "protocol/README.md lists the paths that the agent serves"),
	method_not_allowed: row(405, exitCodes.usage, "protocol/README.md lists the methods of each path"),
	request_timeout: row(408, exitCodes.unavailable, "send the whole request at once"),
	too_large: row(413, exitCodes.usage, "requests are small: check what was sent"),
	too_many_requests: row(429, exitCodes.unavailable, "wait a moment, then try again"),
	unknown_profile: row(404, exitCodes.usage, "`authsock profile list` shows the profiles there are"),
	profile_required: row(400, exitCodes.usage, "name one: `authsock profile list` shows the profiles there are"),
	profile_exists: row(409, exitCodes.usage, "`authsock profile show {profile}` shows it; remove it first or choose another name"),
	config_invalid: row(500, exitCodes.usage, "mend the file; nothing was changed"),
	peer_denied: row(403, exitCodes.denied, "only the user who started the agent may use its socket"),
	unauthorized: row(401, exitCodes.denied, "the secret is the file 'secret' in the share's folder: mount that at /run/authsock, or set AUTHSOCK_SECRET_FILE"),
	login_required: row(409, exitCodes.loginRequired, "`authsock login {profile}`"),
	login_pending: row(409, exitCodes.loginRequired, "finish the login that is under way, then try again"),
	login_failed: row(502, exitCodes.refused, "`authsock login {profile}` to try again"),
	login_expired: row(408, exitCodes.refused, "`authsock login {profile}` to try again; it waits only for a while"),
	login_cancelled: row(409, exitCodes.cancelled, "`authsock login {profile}` when you are ready"),
	scope_not_allowed: row(403, exitCodes.denied, "ask for less, or add the scope to the profile and log in again"),
	scope_not_granted: row(403, exitCodes.denied, "`authsock login {profile}` to ask the server for this scope"),
	denied: row(403, exitCodes.denied, "`authsock rule test` explains it; rules stand in config.toml"),
	approval_required: row(403, exitCodes.denied, "`authsock approve` shows what waits"),
	approval_declined: row(403, exitCodes.denied, "ask again when the user agrees"),
	share_limited: row(403, exitCodes.denied, "ask for what the share gives"),
	share_expired: row(403, exitCodes.denied, "its owner can make another: `authsock share create`"),
	secret_expired: row(403, exitCodes.denied, "`authsock secret list` shows what there is"),
	server_unreachable: row(503, exitCodes.unavailable, "check the network; nothing is lost, and the next call tries again"),
	server_timeout: row(504, exitCodes.unavailable, "the server is slow; nothing is lost, and the next call tries again"),
	server_unavailable: row(503, exitCodes.unavailable, "the server asks to wait; the next call tries again when it may"),
	server_invalid_response: row(502, exitCodes.unavailable, "the server answered something else than OAuth: check the issuer and any proxy"),
	server_refused: row(502, exitCodes.refused, "the server says why; check the profile: `authsock profile show {profile}`"),
	client_refused: row(502, exitCodes.refused, "check client id and secret: `authsock profile show {profile}`"),
	discovery_failed: row(502, exitCodes.refused, "check the issuer URL, or give the endpoints by hand: `authsock help profile add`"),
	issuer_mismatch: row(502, exitCodes.refused, "use the issuer exactly as the server writes it"),
	unsupported_by_server: row(501, exitCodes.refused, "choose another grant: `authsock help login`"),
	insecure_url: row(400, exitCodes.usage, "use https; plain http is accepted for loopback addresses only"),
	vault_locked: row(423, exitCodes.locked, "`authsock unlock`"),
	keychain_locked: row(423, exitCodes.locked, "unlock your keychain (log in to the desktop), then `authsock unlock`"),
	keychain_absent: row(503, exitCodes.storage, "restore the keychain entry, or start anew: `authsock help vault`"),
	keychain_unreachable: row(503, exitCodes.storage, "start a keychain, or choose another master key: `authsock help vault`"),
	master_key_wrong: row(403, exitCodes.locked, "the key does not open this vault: try again"),
	master_key_unavailable: row(503, exitCodes.storage, "the named key file or descriptor cannot be read: `authsock help vault`"),
	unlock_throttled: row(429, exitCodes.locked, "wait, then `authsock unlock` again"),
	storage_failed: row(507, exitCodes.storage, "free some disk space or mend the permissions of the state folder; nothing is lost"),
	record_damaged: row(500, exitCodes.storage, "the file is kept; `authsock login {profile}` makes a new session"),
	record_superseded: row(409, exitCodes.unavailable, "another agent over this home folder has written it; try again"),
	lock_timeout: row(503, exitCodes.unavailable, "another agent holds this session; try again"),
	agent_unreachable: row(503, exitCodes.noAgent, "`authsock agent` starts it in the foreground and shows why it fails"),
	agent_untrusted: row(403, exitCodes.denied, "the socket belongs to somebody else: check AUTHSOCK and the folder it lies in"),
	shutting_down: row(503, exitCodes.unavailable, "the agent is stopping; try again"),
	cancelled: row(499, exitCodes.cancelled, ""),
	unexpected: row(500, exitCodes.unexpected, "this is a defect: please report it with the output of `authsock status --json`")
};
/** The one error that crosses module borders. `message` is one lower-case sentence, and never holds a secret. */
var Failure = class Failure extends Error {
	name = "Failure";
	code;
	details;
	constructor(code, message, details = {}) {
		super(message, details.cause === void 0 ? void 0 : { cause: details.cause });
		this.code = code;
		this.details = details;
	}
	get status() {
		return table[this.code].status;
	}
	get exitCode() {
		return table[this.code].exitCode;
	}
	get hint() {
		return (this.details.hint ?? table[this.code].hint).replaceAll("{profile}", this.details.profile ?? "PROFILE");
	}
	/** The same failure, said about a profile. */
	of(profile) {
		return this.details.profile === void 0 ? new Failure(this.code, this.message, {
			...this.details,
			profile
		}) : this;
	}
};
Object.keys(table);
/** Whatever was thrown, as a Failure; an unknown error becomes `unexpected` and keeps its cause. */
const asFailure = (error) => error instanceof Failure ? error : new Failure("unexpected", `unexpected: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
export { asFailure as n, exitCodes as r, Failure as t };
