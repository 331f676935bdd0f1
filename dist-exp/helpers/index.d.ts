import type { HelperName } from '../wire/helper-table.ts';
import type { Helper } from './ports.ts';
export declare const adapters: Readonly<Record<HelperName, () => Promise<Helper>>>;
