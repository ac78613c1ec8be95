/**
 * Kubernetes for stateful applications, as a library: a cluster with a shell and kubectl in WebAssembly.
 * Time is virtual: a command that waits costs nothing, and the same options with the same calls give the same run.
 */

/** Why a call was refused. */
export type ErrorCode =
  /** An option or argument of the wrong type or value, or an unknown option. */
  | 'InvalidOption'
  /** A text that is no session, or one of another version. */
  | 'InvalidSession'
  /** kubectl knows no such resource, or it is not served here. */
  | 'UnknownResource'
  /** There is no such object or file. */
  | 'NotFound'
  /** A watch that has fallen behind, or whose cluster went back to a snapshot: list anew. */
  | 'Expired'
  /** The cluster or the shell refused. */
  | 'Refused'
  /** A command of more than 1 MiB. */
  | 'TooLong'
  /** An `exit` has ended the shell. */
  | 'Ended'
  /** The cluster has been destroyed. */
  | 'Destroyed'
  /** The engine's file could not be loaded. */
  | 'LoadFailed'
  /** A bug of ours ended the engine; every cluster of this module answers so from then on. */
  | 'Crashed';

/** Every refusal of this package. */
export class OrdinalError extends Error {
  readonly code: ErrorCode;
}

export interface ClusterOptions {
  /** How many nodes; 4. */
  nodes?: number;
  /** All chance comes from it; 1. */
  seed?: number;
  /** How long things take: `realistic`, `recorded`, `instant`; `realistic`. */
  timing?: string;
  /** The first virtual instant; 2026-01-01T00:00:00Z. */
  start?: Date | number;
  /** More files for the shell's home directory, by path. */
  files?: Record<string, string>;
  /** The engine's wasm, where `engine_bg.wasm` beside this module cannot be fetched. The first call of a module decides. */
  wasm?: BufferSource | URL | string | Response | WebAssembly.Module;
}

/** What a command said. */
export interface Said {
  stdout: string;
  stderr: string;
  /** 124 if it was interrupted at its limit. */
  exitCode: number;
}

/** An API object, as `-o json` prints it. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [field: string]: unknown };
  [field: string]: unknown;
}

/** A change, as a watch tells it. */
export interface WatchEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: KubernetesObject;
}

/** Ends with `return()`, with `break` in `for await`, or with its cluster. */
export interface Watch extends AsyncIterableIterator<WatchEvent> {}

/** A moment of one cluster. */
export interface Snapshot {
  readonly owner: Cluster;
}

export interface Limit {
  /** Virtual seconds; 3600. */
  limitSeconds?: number;
}

export interface Cluster {
  /** The virtual time. */
  readonly now: Date;
  /** Folds every write since the beginning: equal for equal runs. */
  readonly digest: string;
  /** Types a command into the cluster's one shell and lets time pass until it has ended. What reads the terminal finds its end. */
  run(command: string, options?: Limit): Promise<Said>;
  /** `kubectl apply` of a manifest. A refusal is an error with kubectl's words. */
  apply(manifest: string): Promise<Said>;
  /** One object. `resource` is any name that kubectl takes; `namespace` is `default` if left out. */
  get(resource: string, namespace: string | undefined | null, name: string): Promise<KubernetesObject>;
  /** `get` for a condition of `runUntil`, which must answer at once. */
  peek(resource: string, namespace: string | undefined | null, name: string): KubernetesObject;
  /** All objects of a resource, of one namespace or of all, by namespace and name. */
  list(resource: string, namespace?: string | null): Promise<KubernetesObject[]>;
  /** The changes of a resource from now on. They arrive as time passes: through `run`, `advance`, `runUntil`, `resume`. */
  watch(resource: string, namespace?: string | null): Watch;
  /** Lets virtual milliseconds pass. */
  advance(ms: number): Promise<void>;
  /** Until every workload has what it wants, or until the function answers true. Answers whether that came before the limit. */
  runUntil(condition: 'settled' | ((cluster: Cluster) => boolean), options?: Limit): Promise<boolean>;
  /** The shell's command `fault`, without its name: `node stop node-1`. */
  inject(fault: string): Promise<Said>;
  /** A file of the shell's; relative paths begin in /home/user. */
  writeFile(path: string, text: string): Promise<void>;
  readFile(path: string): Promise<string>;
  /** This moment, to go back to as often as one likes. It takes memory until it is released or the cluster destroyed. */
  snapshot(): Snapshot;
  restore(snapshot: Snapshot): void;
  release(snapshot: Snapshot): void;
  /** JSON lines from which `importSession`, and the page, make this very cluster again. */
  exportSession(): string;
  /** Virtual time follows the clock on the wall; a new cluster is paused. */
  resume(): void;
  pause(): void;
  /** How many virtual seconds a second takes while time runs; 1. */
  setSpeed(speed: number): void;
  /** `time`: it has passed (a Date). `error`: time stopped running because of this error. `destroy`. Answers with the way to unsubscribe. */
  on(event: 'time', listener: (now: Date) => void): () => void;
  on(event: 'error', listener: (error: OrdinalError) => void): () => void;
  on(event: 'destroy', listener: () => void): () => void;
  /** Ends the cluster and gives its memory back. A second call does nothing. */
  destroy(): void;
}

/** A new cluster without a page. */
export function createCluster(options?: ClusterOptions): Promise<Cluster>;

/** The cluster that an exported session describes. */
export function importSession(journal: string, options?: Pick<ClusterOptions, 'wasm'>): Promise<Cluster>;

export type View = 'terminal' | 'picture' | 'editor' | 'events' | 'lesson';

export interface PlaygroundOptions {
  /** Where the package's folder `page` is served; beside this module, if left out. A bundler moves the module: copy the folder and say where. */
  page?: URL | string;
  /** Applied before anything else, at most 1 MiB; the reader finds it as `manifest.yaml`. */
  manifest?: string;
  /** Commands that run before the reader sees the cluster. */
  setup?: string[];
  /** Commands that are offered as buttons. */
  commands?: string[];
  /** What is shown; everything, if left out. */
  views?: View[];
  /** The lesson that is open, by its name. */
  lesson?: string;
  /** How many nodes; 4. */
  nodes?: number;
  /** All chance comes from it; another one every time, if left out. */
  seed?: number;
  /** Virtual seconds a second; 1. */
  speed?: 1 | 5 | 20 | 100 | 1000;
  /** The browser's, if left out. */
  lang?: 'en' | 'ja';
  theme?: 'auto' | 'light' | 'dark';
  /** Only buttons, and `run`, type. */
  readonly?: boolean;
  /** The frame's name for a screen reader; `Ordinal`. */
  title?: string;
  /** So long the page may take to answer (seconds of the clock on the wall); 60. */
  limitSeconds?: number;
}

/** A page in an element. Everything that it is asked goes to the page's worker, so that every answer is a promise. */
export interface Playground {
  /** The iframe, to be placed and sized by the page's style sheet. */
  readonly frame: HTMLIFrameElement;
  readonly state: { running: boolean; pods: number };
  /** Types a command where the reader sees it. */
  run(command: string): Promise<void>;
  /** What a command says in a copy of the cluster, which it cannot change. The exit code is 0 or 1. */
  ask(command: string): Promise<{ stdout: string; exitCode: number }>;
  get(resource: string, namespace: string | undefined | null, name: string): Promise<KubernetesObject>;
  list(resource: string, namespace?: string | null): Promise<KubernetesObject[]>;
  exportSession(): Promise<string>;
  pause(): void;
  resume(): void;
  setSpeed(speed: 1 | 5 | 20 | 100 | 1000): void;
  on(event: 'state', listener: (state: { running: boolean; pods: number }) => void): () => void;
  on(event: 'failed', listener: (error: OrdinalError) => void): () => void;
  on(event: 'destroy', listener: () => void): () => void;
  /** Takes the page away, and its cluster with it. A second call does nothing. */
  destroy(): void;
}

/** A playground with its page in an element of the document. */
export function createPlayground(element: Element, options?: PlaygroundOptions): Promise<Playground>;
