import type { EventMessage, LoginMessage, LoginReply } from '../wire/messages.ts';
interface Channel {
    say(reply: LoginReply): void;
    login(): AsyncGenerator<Exclude<LoginMessage, {
        type: 'error';
    }>, void, undefined>;
    events(): AsyncGenerator<EventMessage, void, undefined>;
}
export declare function openChannel(path: string, target: string, signal: AbortSignal | undefined): Promise<Channel>;
export {};
