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
  /** A watch that has fallen behind, or a question or watch whose cluster is another one now (a snapshot, a session, a new cluster): ask anew. */
  | 'Expired'
  /** The cluster or the shell refused. */
  | 'Refused'
  /** A command of more than 1 MiB. */
  | 'TooLong'
  /** An `exit` has ended the shell. */
  | 'Ended'
  /** Something that this kind of cluster cannot do; the message says why, and what to do instead. */
  | 'Unsupported'
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

/** What a cluster without a page begins with. */
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
  /** The address of its second part, where `engine_rest.wasm` does not lie beside this module. */
  rest?: URL | string;
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

/** Changes of one resource. It ends with `return()`, with `break` in `for await`, or with its cluster; after `restore` with `Expired`. */
export interface Watch extends AsyncIterableIterator<WatchEvent> {}

/** A moment of one cluster without a page. */
export interface Snapshot {
  readonly owner: Cluster;
}

/** How long something may take. */
export interface Limit {
  /** Virtual seconds; 3600. */
  limitSeconds?: number;
}

/** What a cluster without a page and a playground have in common. */
export interface Common {
  /** `kubectl apply` of a manifest, in the shell. A refusal is an error with kubectl's words. */
  apply(manifest: string): Promise<Said>;
  /** One object. `resource` is any name that kubectl takes; `namespace` is `default` if left out. */
  get(resource: string, namespace: string | undefined | null, name: string): Promise<KubernetesObject>;
  /** All objects of a resource, of one namespace or of all, by namespace and name. */
  list(resource: string, namespace?: string | null): Promise<KubernetesObject[]>;
  /** The changes of a resource from now on. They arrive as time passes. */
  watch(resource: string, namespace?: string | null): Watch;
  /** Lets virtual milliseconds pass, as fast as the machine goes. */
  advance(ms: number): Promise<void>;
  /** The shell's command `fault`, without its name: `node stop node-1`. */
  inject(fault: string): Promise<Said>;
  /** Virtual time stands. */
  pause(): void;
  /** Virtual time follows the clock on the wall. */
  resume(): void;
  /** Ends the cluster. A second call does nothing; every other call answers `Destroyed` from then on. */
  destroy(): void;
}

/** A cluster without a page. Its time stands until something lets it pass. */
export interface Cluster extends Common {
  /** The virtual time. */
  readonly now: Date;
  /** Folds every write since the beginning: equal for equal runs. */
  readonly digest: string;
  /** Types a command into the cluster's one shell and lets time pass until it has ended. What reads the terminal finds its end. */
  run(command: string, options?: Limit): Promise<Said>;
  /** `get` for a condition of `runUntil`, which must answer at once. */
  peek(resource: string, namespace: string | undefined | null, name: string): KubernetesObject;
  /** Until every workload has what it wants, or until the function, which is asked after every event, answers true. Answers whether that came before the limit. */
  runUntil(condition: 'settled' | ((cluster: Cluster) => boolean), options?: Limit): Promise<boolean>;
  /** A file of the shell's; relative paths begin in /home/user. */
  writeFile(path: string, text: string): Promise<void>;
  readFile(path: string): Promise<string>;
  /** This moment, to go back to as often as one likes. It takes memory until it is released or the cluster destroyed. */
  snapshot(): Snapshot;
  restore(snapshot: Snapshot): void;
  release(snapshot: Snapshot): void;
  /** JSON lines from which `importSession`, and the page, make this very cluster again. */
  exportSession(): string;
  /** How many virtual seconds a second takes while time runs; 1. */
  setSpeed(speed: number): void;
  /** `time`: it has passed (a Date). `error`: time stopped running because of this error. `destroy`. Answers with the way to unsubscribe. */
  on(event: 'time', listener: (now: Date) => void): () => void;
  on(event: 'error', listener: (error: OrdinalError) => void): () => void;
  on(event: 'destroy', listener: () => void): () => void;
}

/** A new cluster without a page. */
export function createCluster(options?: ClusterOptions): Promise<Cluster>;

/** The cluster that an exported session describes, at the instant of the last thing that was done in it. */
export function importSession(journal: string, options?: Pick<ClusterOptions, 'wasm' | 'rest'>): Promise<Cluster>;

/** A part of the page. */
export type View = 'terminal' | 'picture' | 'editor' | 'events' | 'lesson';

/** What a playground begins with. */
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
  speed?: Speed;
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

/** Virtual seconds a second. */
export type Speed = 1 | 5 | 20 | 100;

/** A moment of one playground: its session so far. It takes no memory of the engine's, and is gone back to by living through it again. */
export interface PlaygroundSnapshot {
  readonly owner: Playground;
  readonly journal: string;
  /** Milliseconds since 1970, virtual. */
  readonly now: number;
}

/**
 * A page in an element. Everything that it is asked goes to the page's worker, so that every answer is a promise. Time runs, as the reader sees it; where the browser
 * hides the page, time stands and answers wait.
 */
export interface Playground extends Common {
  /** The iframe, to be placed and sized by the page's style sheet. */
  readonly frame: HTMLIFrameElement;
  readonly state: { running: boolean; pods: number };
  /**
   * Types a command where the reader sees it, when the shell there next asks for one, and answers when it has ended: at the reader's pace, and not at all if it waits
   * for the reader. With a limit (virtual seconds) it is interrupted, and the exit code is 124.
   */
  run(command: string, options?: Limit): Promise<Said>;
  /** What a command says in a copy of the cluster, which it cannot change. The exit code is 0 or 1. */
  ask(command: string): Promise<{ stdout: string; exitCode: number }>;
  /** `Unsupported`: an answer at once would have to come out of a worker of another page. */
  peek(): never;
  /** As a cluster's. The function may answer with a promise; it is asked after every event, of which each takes a frame. */
  runUntil(condition: 'settled' | ((playground: Playground) => boolean | Promise<boolean>), options?: Limit): Promise<boolean>;
  /** This moment, to go back to as often as one likes. */
  snapshot(): Promise<PlaygroundSnapshot>;
  restore(snapshot: PlaygroundSnapshot): Promise<void>;
  /** JSON lines from which `importSession`, of the package or of a playground, makes this very cluster again. */
  exportSession(): Promise<string>;
  /** Puts an exported session, at the instant of the last thing that was done in it, in place of this one; one that cannot be read leaves it as it is. */
  importSession(journal: string): Promise<void>;
  /** While time stands, how it will go on. */
  setSpeed(speed: Speed): void;
  /** `state`: whether an engine runs, and how many pods there are. `failed`: a crash, or a message that the page could not read. */
  on(event: 'state', listener: (state: { running: boolean; pods: number }) => void): () => void;
  on(event: 'failed', listener: (error: OrdinalError) => void): () => void;
  on(event: 'destroy', listener: () => void): () => void;
}

/** A playground with its page in an element of the document. */
export function createPlayground(element: Element, options?: PlaygroundOptions): Promise<Playground>;
