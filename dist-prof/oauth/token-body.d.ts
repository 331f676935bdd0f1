export type Json = Record<string, unknown>;
interface TokenBody {
    readonly json: Json;
    readonly status: number;
    /** `Bearer`, or what else the server calls it: openid-client knows few names. */
    readonly tokenType: string;
    /** Seconds. */
    readonly refreshTokenExpiresIn: number | undefined;
}
/** Undefined where the body is neither JSON nor a form with something known in it. */
export declare function normalTokenBody(text: string, status: number): TokenBody | undefined;
/** Google writes `verification_url`, others numbers as texts. */
export declare function normalDeviceBody(json: Json): Json;
export declare function parseBody(text: string): Json | undefined;
export {};
