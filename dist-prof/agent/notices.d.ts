import type { NotifierPorts } from './notifier.ts';
export declare function noticesIn(path: string): Pick<NotifierPorts, 'load' | 'save'>;
