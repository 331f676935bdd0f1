export declare const helperType = "application/vnd.authsock.helper";
export declare const helperHeaders: {
    /** Bytes of the body that are stdout. */
    readonly stdout: 'Authsock-Stdout';
    /** The exit code; absent: the conversation goes on. */
    readonly exit: 'Authsock-Exit';
    /** A login to this profile, and the same request again, would help. */
    readonly login: 'Authsock-Login';
    /** For the program of the same name that comes next on the PATH. */
    readonly passOn: 'Authsock-Pass-On';
};
export interface HelperCall {
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    /** Somebody sits at a terminal. */
    readonly terminal: boolean;
    readonly stdin: Uint8Array;
}
export declare function encodeHelperCall({ args, env, terminal, stdin }: HelperCall): Buffer;
/** Throws bad_request. Lines of a kind that is not known are for a later version. */
export declare function decodeHelperCall(body: Buffer): HelperCall;
