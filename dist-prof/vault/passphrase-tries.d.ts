export declare class PassphraseTries {
    #private;
    /** `now` in ms. Throws unlock_throttled while it is too early. */
    check(now: number): void;
    wrong(now: number): void;
    right(): void;
}
