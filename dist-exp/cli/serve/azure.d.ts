import { type Service } from './server.ts';
import { type Sources } from './sources.ts';
export declare function azureService({ tokenFor }: Sources): Service;
export declare function azdService({ tokenFor }: Sources): Service;
