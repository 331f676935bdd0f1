import type { Failure } from '../core/failures.ts';
export type PageContent = {
    readonly profile: string;
    readonly issuer: string;
} & ({
    readonly kind: 'done';
}
/** The login is over. */
 | {
    readonly kind: 'failed';
    readonly failure: Failure;
}
/** This request was not the login's, which goes on. */
 | {
    readonly kind: 'refused';
    readonly failure: Failure;
});
export declare function renderPage(content: PageContent): {
    readonly html: string;
    readonly policy: string;
};
