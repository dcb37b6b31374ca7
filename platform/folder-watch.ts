/** A watch on one folder. */
export interface FolderWatch {
  close(): Promise<void>;
}

/** Watches small folders (inbox, configuration). Never the bundle's: on Windows a watched folder cannot be renamed. */
export interface FolderWatches {
  /**
   * Calls `changed` with the absolute path of each file in `folder` that was added, has a new content, or was removed.
   *
   * Only the folder itself, not what is below; a file is told once its size has stood still, so that it is never seen half
   * copied. Files that are there at the start are told as `added` first. The folder must be there.
   */
  watch(folder: string, changed: (event: FolderEvent) => void): FolderWatch;
}

export interface FolderEvent {
  readonly kind: 'added' | 'changed' | 'removed';
  readonly path: string;
}
