import { type Service } from './server.ts';
import { type Sources } from './sources.ts';
export declare function googleService(sources: Sources, project: string | undefined, isOwnPort: Service['isOwnPort']): Service;
